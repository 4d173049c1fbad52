"""What left twice is found, counted once, and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts.rules import sent_twice
from messaging.models import Conversation, Message
from messaging.providers.answers import Answer
from outbound import departures, evidence, metrics, recording
from outbound.claims import Claim
from outbound.dispatch import dispatch_due
from outbound.models import OutboxEntry
from tests.messaging import bodies
from tests.outbound import graph as fake
from tests.outbound.conftest import abandon_claims, age_dispatch, entry_of, write
from tests.outbound.graph import FakeGraph
from tests.outbound.news import echo, launch, parked, proof, tell
from tests.outbound.test_review import decide

pytestmark = pytest.mark.django_db(transaction=True)


def answer(claim: Claim, wamid: str) -> int:
    """What the provider answered to a claim's request, recorded."""
    [departure] = departures.prepare([claim])
    given = Answer(http_status=200, provider_id=wamid)
    return recording.record([recording.answered(departure, given)])


def duplicates() -> float:
    return float(metrics.duplicates_total._value.get())


@pytest.fixture
def again(ready: Conversation, graph: FakeGraph) -> tuple[Message, Claim]:
    """A message that was sent again while nobody knew of its first attempt."""
    message = write(ready, "one")
    first = launch()
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    decide(message, "send_again")
    return message, first


def test_late_proof_of_the_first_attempt_is_told(
    again: tuple[Message, Claim], ready: Conversation
) -> None:
    message, _ = again
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    before, second, seen = duplicates(), message.provider_id, message.changed_seq
    tell(ready, statuses=[proof(message, "wamid.first", "delivered", attempt=0)])
    evidence.sweep()
    message.refresh_from_db()
    assert entry_of(message).sent_twice_at is not None
    assert (message.status, message.provider_id) == ("delivered", second)
    assert message.changed_seq > seen
    assert (duplicates() - before, parked()) == (1, [])


def test_a_late_answer_of_the_first_attempt_is_told(again: tuple[Message, Claim]) -> None:
    message, first = again
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    seen = message.changed_seq
    answer(first, "wamid.first")
    message.refresh_from_db()
    assert entry_of(message).sent_twice_at is not None
    assert message.changed_seq > seen


def test_the_second_answer_after_the_firsts_proof_is_told(
    again: tuple[Message, Claim], ready: Conversation
) -> None:
    message, _ = again
    second = launch()
    tell(ready, statuses=[proof(message, "wamid.first", attempt=0)])
    evidence.sweep()
    answer(second, "wamid.second")
    message.refresh_from_db()
    assert message.provider_id == "wamid.first"
    assert entry_of(message).sent_twice_at is not None


def test_another_id_than_the_proofs_is_told(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "one")
    claim = launch()
    tell(ready, statuses=[proof(message, "wamid.proved")])
    evidence.sweep()
    answer(claim, "wamid.answered")
    message.refresh_from_db()
    assert message.provider_id == "wamid.proved"
    assert entry_of(message).sent_twice_at is not None


@pytest.mark.parametrize("order", ["echo first", "proof first"])
def test_the_echo_of_the_other_one_is_no_bubble_either(
    again: tuple[Message, Claim], ready: Conversation, order: str
) -> None:
    message, _ = again
    dispatch_due(limit_seconds=5)
    if order == "echo first":
        tell(ready, echoes=[echo("wamid.first")])
    tell(ready, statuses=[proof(message, "wamid.first", attempt=0)])
    evidence.sweep()
    tell(ready, echoes=[echo("wamid.first")])
    tell(ready, statuses=[bodies.status("wamid.first", "read")])
    assert [*Message.objects.shown()] == [message]
    message.refresh_from_db()
    assert message.status == "read"


def test_it_is_counted_once(again: tuple[Message, Claim], ready: Conversation) -> None:
    message, first = again
    dispatch_due(limit_seconds=5)
    before = duplicates()
    answer(first, "wamid.first")
    answer(first, "wamid.first")
    for name in ("sent", "delivered", "read"):
        tell(ready, statuses=[proof(message, "wamid.first", name, attempt=0)])
        evidence.sweep()
    message.refresh_from_db()
    assert (duplicates() - before, message.status) == (1, "read")


def test_what_failed_and_was_sent_again_left_once(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.append(fake.same_id("wamid.failed"))
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    tell(ready, statuses=[proof(message, "wamid.failed", "failed")])
    OutboxEntry.objects.update(state="failed")
    decide(message, "send_again")
    second = launch()
    tell(ready, statuses=[proof(message, "wamid.second")])
    evidence.sweep()
    answer(second, "wamid.second")
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("sent", "wamid.second")
    assert entry_of(message).sent_twice_at is None


def test_administrators_are_told_for_a_day(again: tuple[Message, Claim]) -> None:
    message, first = again
    dispatch_due(limit_seconds=5)
    assert [*sent_twice.evaluate(timezone.now())] == []
    answer(first, "wamid.first")
    [finding] = sent_twice.evaluate(timezone.now())
    assert finding.organization_id == message.organization_id
    assert str(message.pk) in finding.body
    assert [*sent_twice.evaluate(timezone.now() + timedelta(days=2))] == []
