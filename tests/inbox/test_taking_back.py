"""What still waits can be taken back, by one button and one call; what has left cannot."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format

from inbox import audit, reviewing
from inbox.models import AuditEntry
from messaging.models import Conversation, Membership, Message
from outbound import review
from outbound.dispatch import dispatch_due
from outbound.models import OutboxEntry, SendAttempt
from outbound.review import Action, NotOpen
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_api import Api, draft
from tests.inbox.test_reviewing import left, press
from tests.outbound import conftest as outward
from tests.outbound.graph import FakeGraph
from tests.outbound.news import launch, together

pytestmark = pytest.mark.django_db
hinted = outward.hinted
known_buckets = outward.known_buckets
graph_server, graph, ready = outward.graph_server, outward.graph, outward.ready


@pytest.fixture
def waiting(open_conversation, alice) -> Message:
    """A reply of Alice's that has not left."""
    answer = Api(alice.email).post("messages/", draft(open_conversation))
    return Message.objects.get(pk=answer.json()["id"])


@pytest.mark.parametrize("state", ["waiting", "throttled"])
def test_whoever_may_reply_takes_back_what_waits(waiting, bob, client_of, shown, state) -> None:
    OutboxEntry.objects.update(state=state)
    assert 'value="take_back"' in shown(waiting)
    answer = press(client_of(bob), waiting, "take_back", **FRAGMENT)
    assert answer.status_code == 200
    assert 'data-status="discarded"' in answer.content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.details["was"]) == ("take_message_back", bob, state)
    assert audit.first_broken(waiting.organization_id) is None
    assert OutboxEntry.objects.get().state == "discarded"


def test_the_words_for_a_limit_stand_beside_the_button(waiting, shown) -> None:
    OutboxEntry.objects.update(state="throttled", waits_for="pair_limit")
    Message.objects.filter(pk=waiting.pk).update(error_code="pair_limit")
    html = shown(waiting)
    assert "only so many messages in a row" in html
    assert 'value="take_back"' in html
    assert "data-later" not in html


@pytest.mark.parametrize(("days", "style"), [(0.01, "H:i"), (40, "j M, H:i")])
def test_a_wait_says_until_when_and_on_which_day(waiting, shown, days, style) -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0)
    with time_machine.travel(noon, tick=False):
        until = timezone.now() + timedelta(days=days)
        OutboxEntry.objects.update(state="throttled", due_at=until)
        Message.objects.filter(pk=waiting.pk).update(error_code="quota_exceeded")
        told = re.search(r"<leaves-at>Next try:.*?</leaves-at>", shown(waiting))[0]
        assert f">{date_format(timezone.localtime(until), style)}</time>" in told


def test_what_is_under_way_says_that_it_left_already(waiting, alice, client_of) -> None:
    launch()
    answer = press(client_of(alice), waiting, "take_back", **FRAGMENT)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert "it has left already" in html
    assert 'value="take_back"' not in html
    assert OutboxEntry.objects.get().state == "waiting"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("status", "attempt"), [("failed", "rejected"), ("discarded", "not_sent")])
def test_what_has_come_to_an_end_is_not_taken_back(
    open_conversation, alice, client_of, status, attempt
) -> None:
    message = left(open_conversation, alice, status=status, attempt=attempt)
    answer = press(client_of(alice), message, "take_back", **FRAGMENT)
    assert (answer.status_code, "settled already" in answer.content.decode()) == (409, True)
    message.refresh_from_db()
    assert message.status == status


def test_taking_back_answers_no_question(open_conversation, alice, client_of) -> None:
    """Whoever pressed it a moment too late has not said that the message may be given up."""
    message = left(open_conversation, alice, status="needs_review", attempt="unknown")
    answer = press(client_of(alice), message, "take_back", **FRAGMENT)
    assert (answer.status_code, "has left already" in answer.content.decode()) == (409, True)
    assert OutboxEntry.objects.get().state == "needs_review"
    assert SendAttempt.objects.get().state == "unknown"


def test_the_api_takes_back_once(waiting, alice) -> None:
    api = Api(alice.email)
    answer = api.post(f"messages/{waiting.pk}/review/", {"action": "take_back"})
    assert (answer.status_code, answer.json()["status"]) == (200, "discarded")
    again = api.post(f"messages/{waiting.pk}/review/", {"action": "take_back"})
    assert (again.status_code, again.json()["state"]) == (409, "discarded")


def test_what_was_taken_back_is_not_sent_and_what_follows_is(
    ready: Conversation, graph: FakeGraph, alice
) -> None:
    membership = Membership.objects.get(user=alice)
    first, second = outward.write(ready, "one"), outward.write(ready, "two")
    OutboxEntry.objects.filter(message=first).update(state="throttled", due_at=Now())
    reviewing.decide(membership, first.pk, Action.TAKE_BACK)
    dispatch_due(limit_seconds=5)
    second.refresh_from_db()
    assert (graph.accepted, second.status) == (["two"], "accepted")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["waiting", "throttled"])
def test_of_a_person_and_the_dispatch_exactly_one_has_it(
    ready: Conversation, graph: FakeGraph, alice, state
) -> None:
    membership = Membership.objects.get(user=alice)
    for number in range(8):
        message = outward.write(ready, str(number))
        OutboxEntry.objects.filter(message=message).update(state=state)
        take_back = partial(reviewing.decide, membership, message.pk, Action.TAKE_BACK)
        taken, _count = together(take_back, partial(dispatch_due, limit_seconds=5))
        assert isinstance(taken, Message | NotOpen), taken
        dispatch_due(limit_seconds=5)
        message.refresh_from_db()
        has_left = str(number) in graph.accepted
        assert has_left == isinstance(taken, NotOpen)
        assert message.status == ("accepted" if has_left else "discarded")


def test_only_what_waits_can_be_taken_back_by_the_table() -> None:
    steps: Any = review._steps(Action.TAKE_BACK)
    assert {step.source for step in steps} == {"waiting", "throttled"}
