"""What a second look at the way out has found."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from messaging import receipts, timeline
from messaging.models import Channel, Conversation, DeadLetter, Message, Receipt
from messaging.outgoing import Draft, compose
from messaging.providers.answers import Answer
from messaging.receipts import Heard
from outbound import claims, departures, outbox, recording, review, steps
from outbound import dead_letters as sends
from outbound.dispatch import dispatch_due
from outbound.limits import quotas
from outbound.models import Consent, MessageClass, OutboxEntry, SendAttempt
from tests.outbound import graph as fake
from tests.outbound.conftest import (
    abandon_claims,
    age_dispatch,
    entry_of,
    make_due,
    open_window,
    states,
    write,
)
from tests.outbound.graph import FakeGraph
from tests.outbound.test_limits import another

pytestmark = pytest.mark.django_db(transaction=True)


def hear(message: Message, status: str) -> None:
    """The provider reports on a message of ours, as the drain applies it."""
    message.refresh_from_db()
    Receipt.objects.create(
        channel_id=message.channel_id, message=message, provider_id=message.provider_id or "",
        status=status, received_at=timezone.now(), error_code="131049", error_title="No",
    )  # fmt: skip
    with transaction.atomic():
        conversations = timeline.lock([message.conversation_id])
        receipts.settle(message, [Heard(status, "131049", "No")])
        receipts.write_states([message])
        timeline.publish(conversations.values())


def test_what_is_given_up_unsent_gives_back_no_quota(ready: Conversation, graph: FakeGraph) -> None:
    quotas.set_limit(ready.organization_id, period="day", limit=1)
    write(ready, "one")
    dispatch_due(limit_seconds=2)
    write(ready, "two")
    dispatch_due(limit_seconds=2)
    OutboxEntry.objects.filter(finished_at__isnull=True).update(deadline_at=Now())
    make_due()
    dispatch_due(limit_seconds=2)
    assert graph.accepted == ["one"]
    assert quotas.usage(ready.organization_id)["day"].used == 1


def test_a_failure_outlived_by_its_delivery_is_no_dead_letter(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    hear(message, "failed")
    assert sends.sweep_late() == 1
    hear(message, "delivered")
    sends.sweep_settled()
    assert DeadLetter.objects.get(message=message).state == "resolved"
    assert entry_of(message).state == "accepted"


def test_an_old_holds_end_leaves_a_newer_hold_alone(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.extend([fake.accept_and_drop, fake.accept_and_drop])
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    age_dispatch()
    [paused] = claims.claim(limit=10).ended_holds
    OutboxEntry.objects.update(due_at=Now() + timedelta(seconds=50))
    recording.record([recording.hold_ended(paused)])
    assert entry_of(message).state == "confirming"


def test_intents_of_ended_entries_are_closed(ready: Conversation) -> None:
    message = write(ready, "one")
    claims.claim(limit=10)
    OutboxEntry.objects.update(state="accepted", finished_at=Now())
    SendAttempt.objects.update(started_at=Now() - timedelta(seconds=91))
    steps.close_forgotten()
    assert states(message) == ["not_sent"]


def test_a_message_that_breaks_us_stops_no_other(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = departures._body

    def broken(place: Any) -> Any:
        if place.text == "poison":
            raise RuntimeError("storage is away")
        return body(place)

    monkeypatch.setattr(departures, "_body", broken)
    poison, other = write(ready, "poison"), write(another(ready.channel, 1), "other")
    dispatch_due(limit_seconds=2)
    assert graph.accepted == ["other"]
    assert (entry_of(poison).state, states(other)) == ("throttled", ["accepted"])


def test_what_is_in_flight_is_recorded_whatever_breaks(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, claim, calls = Event(), claims.claim, list[int]()
    graph.default = fake.after(released)
    message = write(ready, "one")

    def once(**room: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            released.set()
            raise RuntimeError("a fault of ours")
        return claim(**room)

    monkeypatch.setattr(claims, "claim", once)
    with pytest.raises(RuntimeError):
        dispatch_due(limit_seconds=5)
    assert states(message) == ["accepted"]


def test_a_reply_does_not_wait_behind_a_template_that_needs_no_room_any_more(
    ready: Conversation, graph: FakeGraph
) -> None:
    Channel.objects.update(messaging_limit="TIER_0")
    open_window(ready, hours=-1)
    with transaction.atomic():
        conversations = timeline.lock([ready.pk])
        draft = Draft(kind="template", text="", content={"template": {"name": "a"}})
        first = compose(conversations[ready.pk], draft)
        outbox.enqueue(first, message_class=MessageClass.MARKETING)
        timeline.publish(conversations.values())
    Consent.objects.create(
        organization_id=ready.organization_id, contact=ready.contact, action="granted",
        scope="all", source="counter", at=Now(),
    )  # fmt: skip
    dispatch_due(limit_seconds=2)
    first.refresh_from_db()
    assert (first.status, first.error_code) == ("pending", "messaging_limit")
    open_window(ready)
    write(ready, "one")
    dispatch_due(limit_seconds=2)
    assert graph.accepted == ["template", "one"]


@pytest.mark.parametrize("late_first", [True, False])
def test_of_two_outcomes_in_one_batch_that_it_left_counts(
    ready: Conversation, graph: FakeGraph, *, late_first: bool
) -> None:
    message = write(ready, "one")
    [late] = departures.prepare(claims.claim(limit=10).claims)
    claims.fence([late.claim])
    abandon_claims()
    age_dispatch()
    dispatch_due(limit_seconds=2)
    with transaction.atomic():
        conversations = timeline.lock([ready.pk])
        review.decide(conversations[ready.pk], message.pk, review.Action.SEND_AGAIN)
        timeline.publish(conversations.values())
    [again] = departures.prepare(claims.claim(limit=10).claims)
    claims.fence([again.claim])
    outcomes = [
        recording.answered(late, Answer(http_status=200, provider_id="wamid.late")),
        recording.answered(again, Answer(http_status=400, code=131026)),
    ]
    recording.record(outcomes if late_first else outcomes[::-1])
    message.refresh_from_db()
    assert (entry_of(message).state, message.status) == ("accepted", "accepted")
    assert message.provider_id == "wamid.late"
