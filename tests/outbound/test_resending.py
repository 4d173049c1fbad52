"""The policy's one repetition: only when silence means something."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from messaging.heartbeats import beat
from messaging.models import Conversation, DeadLetter, Heartbeat, InboundEvent, Message, Receipt
from outbound import resending
from outbound.dispatch import dispatch_due
from outbound.models import OutboxEntry, SendAttempt, SendingPolicy
from tests.outbound.conftest import abandon_claims, age_dispatch, entry_of, make_due, states, write
from tests.outbound.graph import FakeGraph
from tests.outbound.news import launch, proof, tell
from tests.outbound.test_review import decide

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent(ready: Conversation, graph: FakeGraph) -> Message:
    """Of one message nothing was heard for 20 minutes, of three later ones everything."""
    SendingPolicy.objects.create(
        organization=ready.organization, resend_classes=["service", "authentication", "marketing"]
    )
    message = write(ready, "one")
    launch()
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    past = Now() - timedelta(minutes=20)
    SendAttempt.objects.update(dispatched_at=past)
    for number in range(3):
        later = write(ready, f"later {number}")
        make_due()
        dispatch_due(limit_seconds=5)
        later.refresh_from_db()
        tell(ready, statuses=[proof(later, later.provider_id or "")])
    return message


def test_it_leaves_once_more_by_itself(silent: Message, graph: FakeGraph) -> None:
    assert resending.sweep() == 1
    dispatch_due(limit_seconds=5)
    assert states(silent) == ["resent", "accepted"]
    assert graph.accepted.count("one") == 1
    assert entry_of(silent).was_resent


def test_it_never_does_so_a_second_time(silent: Message, graph: FakeGraph) -> None:
    assert resending.sweep() == 1
    launch()
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    assert entry_of(silent).state == "needs_review"
    SendAttempt.objects.filter(entry__message=silent).update(
        dispatched_at=Now() - timedelta(minutes=19)
    )
    assert resending.sweep() == 0


def too_early(message: Message) -> None:
    SendAttempt.objects.filter(entry__message=message).update(
        dispatched_at=Now() - timedelta(minutes=14)
    )


def too_few(message: Message) -> None:
    Receipt.objects.order_by("pk")[0].delete()


def only_failures(message: Message) -> None:
    Receipt.objects.update(status="failed")


def an_older_one_waits(message: Message) -> None:
    attempt = SendAttempt.objects.get(entry__message=message)
    [other] = SendAttempt.objects.filter(pk__gt=attempt.pk).order_by("pk")[:1]
    other.pk, other.attempt_id = attempt.pk - 1, "0198c000-0000-7000-8000-000000000001"
    other.provider_id = "wamid.older"
    other.save(force_insert=True)


def we_were_away(message: Message) -> None:
    Heartbeat.objects.create(name="sweeper", beat_at=Now() - timedelta(minutes=5))
    beat("sweeper")


def a_delivery_waits(message: Message) -> None:
    InboundEvent.objects.create(
        connection_id=message.channel.connection_id,
        body=b"{}",
        received_at=Now() - timedelta(minutes=1),
    )


def a_delivery_was_not_understood(message: Message) -> None:
    DeadLetter.objects.create(
        organization=message.organization, source="inbound", code="x", reason="x", payload={},
        attempts=1, first_at=Now(), last_at=Now(), state="failed",
    )  # fmt: skip


def no_wish(message: Message) -> None:
    SendingPolicy.objects.update(resend_classes=["authentication"])


def marketing(message: Message) -> None:
    OutboxEntry.objects.update(message_class="marketing")


def a_person_did(message: Message) -> None:
    OutboxEntry.objects.filter(message=message).update(was_resent=True)


@pytest.mark.parametrize(
    "obstacle",
    [
        too_early, too_few, only_failures, an_older_one_waits, we_were_away, a_delivery_waits,
        a_delivery_was_not_understood, no_wish, marketing, a_person_did,
    ],
)  # fmt: skip
def test_silence_that_may_have_another_reason_sends_nothing(silent: Message, obstacle) -> None:
    obstacle(silent)
    assert resending.sweep() == 0
    assert states(silent) == ["unknown"]


def test_without_an_obstacle_it_would(silent: Message) -> None:
    beat("sweeper")
    beat("sweeper")
    assert resending.sweep() == 1


def test_rules_that_were_looked_at_late_are_no_obstacle(silent: Message) -> None:
    Heartbeat.objects.create(name="alerts", beat_at=Now() - timedelta(minutes=5))
    beat("alerts")
    assert resending.sweep() == 1


def test_what_a_person_has_sent_again_is_theirs(silent: Message, graph: FakeGraph) -> None:
    decide(silent, "send_again")
    launch()
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    SendAttempt.objects.filter(entry__message=silent).update(
        dispatched_at=Now() - timedelta(minutes=19)
    )
    assert resending.sweep() == 0
