"""Sending later and undoing: what waits for its time leaves then, if it still may."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from inbox.models import AgentProfile, AuditEntry, Draft
from messaging.models import Conversation, DeadLetter, Message
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_api import Api
from tests.outbound import conftest as outward
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db
hinted = outward.hinted
known_buckets = outward.known_buckets
graph_server, graph, ready = outward.graph_server, outward.graph, outward.ready


@pytest.fixture(autouse=True)
def _undo(settings) -> None:
    settings.UNDO_SECONDS = 5


def reply(browser, conversation: Conversation, text: str, **fields):
    given = {"text": text, "client_message_id": f"s-{text}", **fields}
    return browser.post(f"/conversations/{conversation.pk}/reply/", given, **FRAGMENT)


def later(hours: float = 3) -> dict[str, str]:
    at = timezone.now() + timedelta(hours=hours)
    return {"schedule": "1", "send_at": at.isoformat().replace("+00:00", "Z")}


def decide(browser, message: Message, action: str):
    return browser.post(f"/messages/{message.pk}/review/", {"action": action}, **FRAGMENT)


def let_time_pass(hours: float) -> None:
    """As if everything had happened so much earlier."""
    gap = timedelta(hours=hours)
    OutboxEntry.objects.update(
        ready_at=F("ready_at") - gap, due_at=F("due_at") - gap, deadline_at=F("deadline_at") - gap
    )
    Lane.objects.update(due_at=F("due_at") - gap)
    Conversation.objects.update(window_expires_at=F("window_expires_at") - gap)


def test_what_is_scheduled_says_when_and_leaves_then_not_before(
    ready, graph: FakeGraph, alice, client_of
) -> None:
    answer = reply(client_of(alice), ready, "Amanhã", **later())
    html = answer.content.decode()
    assert answer.status_code == 201
    assert 'data-hold="scheduled"' in html
    assert 'value="send_now"' in html
    dispatch_due(limit_seconds=5)
    assert graph.accepted == []
    let_time_pass(3.01)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["Amanhã"]


def test_what_is_written_meanwhile_does_not_wait_for_it(
    ready, graph: FakeGraph, alice, client_of
) -> None:
    reply(client_of(alice), ready, "Amanhã", **later())
    Api(alice.email).post(
        "messages/", {"conversation": ready.pk, "client_message_id": "now", "text": "Agora"}
    )
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["Agora"]


def test_a_window_that_has_closed_by_then_fails_it_and_nothing_leaves(
    ready, graph: FakeGraph, alice, client_of, shown
) -> None:
    reply(client_of(alice), ready, "Tarde demais", **later(22))
    let_time_pass(22.01)
    dispatch_due(limit_seconds=5)
    message = Message.objects.get(text="Tarde demais")
    assert graph.accepted == []
    assert (message.status, message.error_code) == ("failed", "window_closed")
    html = shown(message)
    assert "24-hour window" in html
    assert "Choose a template" in html
    assert DeadLetter.objects.filter(code="window_closed").exists()


def test_the_api_schedules_and_is_never_held_back_otherwise(ready, graph, alice) -> None:
    body = {"conversation": ready.pk, "text": "x"}
    at = timezone.now() + timedelta(hours=1)
    api = Api(alice.email)
    sent = api.post("messages/", {**body, "client_message_id": "a", "send_at": at.isoformat()})
    assert sent.status_code == 201
    assert OutboxEntry.objects.get().due_at == at
    api.post("messages/", {**body, "client_message_id": "b"})
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["x"]


@pytest.mark.parametrize("hours", [-1, 24 * 400])
def test_a_time_that_is_over_or_years_away_is_refused(ready, alice, client_of, hours) -> None:
    answer = reply(client_of(alice), ready, "x", **later(hours))
    assert answer.status_code == 422
    assert not OutboxEntry.objects.exists()


def test_a_time_without_the_button_that_asks_for_it_counts_for_nothing(
    ready, alice, client_of
) -> None:
    answer = reply(client_of(alice), ready, "x", send_at="2027-01-01T09:00")
    assert answer.status_code == 201
    assert OutboxEntry.objects.get().due_at < timezone.now() + timedelta(seconds=10)


def test_a_scheduled_one_leaves_now_when_told_and_only_once(
    ready, graph: FakeGraph, alice, client_of
) -> None:
    browser = client_of(alice)
    reply(browser, ready, "Afinal já", **later(30))
    message = Message.objects.get()
    assert decide(browser, message, "send_now").status_code == 200
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["Afinal já"]
    assert decide(browser, message, "send_now").status_code == 409
    assert AuditEntry.objects.get().action == "send_scheduled_now"


def test_undone_in_time_nothing_leaves_and_the_words_are_a_draft_again(
    ready, graph: FakeGraph, alice, client_of, shown
) -> None:
    browser = client_of(alice)
    html = reply(browser, ready, "Ups").content.decode()
    assert 'data-hold="undo"' in html
    message = Message.objects.get()
    undone = decide(browser, message, "take_back").content.decode()
    assert " hidden>" in undone
    let_time_pass(1)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == []
    assert Draft.objects.get().text == "Ups"
    page = browser.get(f"/conversations/{ready.pk}/").content.decode()
    assert ">Ups</textarea>" in page


def test_whoever_waited_waits_again_after_an_undo(open_conversation, alice, client_of) -> None:
    since = timezone.now() - timedelta(hours=1)
    last = open_conversation.last_message_id
    Conversation.objects.update(waiting_since=since)
    reply(client_of(alice), open_conversation, "Ups")
    open_conversation.refresh_from_db()
    assert open_conversation.waiting_since is None
    decide(client_of(alice), Message.objects.get(text="Ups"), "take_back")
    open_conversation.refresh_from_db()
    assert open_conversation.waiting_since is not None
    assert open_conversation.last_message_id == last


def test_a_colleague_who_takes_it_back_gets_no_words_of_somebody_else(
    ready, alice, bob, client_of
) -> None:
    reply(client_of(alice), ready, "Amanhã", **later())
    decide(client_of(bob), Message.objects.get(), "take_back")
    assert not Draft.objects.exclude(text="").exists()


@pytest.mark.parametrize("switched_off", ["agent", "everywhere"])
def test_without_undo_a_reply_leaves_at_once(
    ready, graph: FakeGraph, alice, client_of, settings, switched_off
) -> None:
    if switched_off == "agent":
        AgentProfile.objects.create(user=alice, has_undo=False)
    else:
        settings.UNDO_SECONDS = 0
    assert "data-hold" not in reply(client_of(alice), ready, "Já").content.decode()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["Já"]


def test_replies_leave_in_the_order_they_were_written_after_the_undo(
    ready, graph: FakeGraph, alice, client_of, settings
) -> None:
    settings.UNDO_SECONDS = 0.2
    browser = client_of(alice)
    for text in ("um", "dois", "três"):
        reply(browser, ready, text)
    deadline = time.monotonic() + 5
    while len(graph.accepted) < 3 and time.monotonic() < deadline:
        dispatch_due(limit_seconds=1)
    assert graph.accepted == ["um", "dois", "três"]


def test_preferences_are_kept_and_half_a_quiet_time_is_refused(alice, client_of) -> None:
    browser = client_of(alice)
    fields = {"send_key": "mod_enter", "quiet_from": "20:00", "quiet_until": "07:00"}
    fields["rings_for"] = "mine"
    assert browser.post("/settings/profile/", fields).status_code == 302
    kept = AgentProfile.objects.get(user=alice)
    assert (kept.send_key, kept.has_undo, kept.quiet_from.hour) == ("mod_enter", False, 20)
    del fields["quiet_until"]
    assert browser.post("/settings/profile/", fields).status_code == 422
    assert 'value="mod_enter"' in browser.get("/settings/profile/").content.decode()
