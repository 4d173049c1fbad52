"""Statuses that carry our attempt's id: proof, whoever waits for the answer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from messaging.models import Conversation, Message, Receipt
from messaging.providers.answers import Answer, Failure
from messaging.receipts import sweep_parked
from outbound import claims, departures, evidence, recording
from outbound.departures import attempt_in, callback_data
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from outbound.surely import record_surely
from outbound.tasks import take_evidence
from tests.messaging import bodies
from tests.outbound.conftest import abandon_claims, age_dispatch, entry_of, states, write
from tests.outbound.graph import FakeGraph
from tests.outbound.news import echo, launch, parked, proof, tell, together

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lost(ready: Conversation, graph: FakeGraph) -> Message:
    """A message whose worker died after the fence; nobody knows whether it left."""
    message = write(ready, "one")
    launch()
    abandon_claims()
    dispatch_due(limit_seconds=5)
    assert (states(message), entry_of(message).state) == (["unknown"], "confirming")
    return message


@pytest.mark.parametrize("name", ["sent", "delivered", "read"])
def test_a_status_with_our_id_proves_that_it_left(
    ready: Conversation, lost: Message, name: str
) -> None:
    tell(ready, statuses=[proof(lost, "wamid.1", name)])
    assert evidence.take(parked()) == 1
    lost.refresh_from_db()
    assert (lost.status, lost.provider_id) == (name, "wamid.1")
    [attempt] = SendAttempt.objects.all()
    assert (attempt.state, attempt.provider_id) == ("accepted", "wamid.1")
    assert entry_of(lost).state == "accepted"
    assert parked() == []


def test_the_lane_goes_on_at_once(ready: Conversation, lost: Message, graph: FakeGraph) -> None:
    following = write(ready, "two")
    tell(ready, statuses=[proof(lost, "wamid.1")])
    evidence.sweep()
    dispatch_due(limit_seconds=5)
    following.refresh_from_db()
    assert following.status == "accepted"
    assert graph.accepted == ["two"]


def test_a_failure_with_our_id_fails_it_with_its_code(ready: Conversation, lost: Message) -> None:
    said = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
    tell(ready, statuses=[proof(lost, "wamid.1", "failed") | said])
    evidence.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.error_code) == ("failed", "131026")
    assert (states(lost), entry_of(lost).state) == (["rejected"], "failed")


def test_proof_that_comes_after_the_hold_still_counts(ready: Conversation, lost: Message) -> None:
    age_dispatch()
    dispatch_due(limit_seconds=5)
    lost.refresh_from_db()
    assert lost.status == "needs_review"
    tell(ready, statuses=[proof(lost, "wamid.1", "delivered"), proof(lost, "wamid.1", "sent")])
    evidence.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.error_code) == ("delivered", "")
    assert entry_of(lost).state == "accepted"


@pytest.mark.parametrize("opaque", ["v1.{id}.0000000000000000", "v1.{id}", "{id}", "v1..", "v2"])
def test_what_others_sent_along_proves_nothing(
    ready: Conversation, lost: Message, opaque: str
) -> None:
    attempt = SendAttempt.objects.get()
    data = opaque.format(id=attempt.attempt_id)
    tell(ready, statuses=[bodies.status("wamid.1", "sent", biz_opaque_callback_data=data)])
    assert (evidence.take(parked()), evidence.sweep()) == (0, 0)
    assert states(lost) == ["unknown"]
    assert Receipt.objects.get().message is None


def test_an_attempt_that_never_was_proves_nothing(ready: Conversation, lost: Message) -> None:
    data = callback_data(uuid4())
    tell(ready, statuses=[bodies.status("wamid.1", "sent", biz_opaque_callback_data=data)])
    assert (evidence.take(parked()), evidence.sweep()) == (0, 0)


def test_only_our_own_signature_is_read() -> None:
    attempt_id = uuid4()
    assert attempt_in(callback_data(attempt_id)) == attempt_id
    assert attempt_in(callback_data(attempt_id).upper()) is None
    assert attempt_in(callback_data(attempt_id) + "0") is None


def test_the_owners_answer_after_the_proof_changes_nothing(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    claim = launch()
    tell(ready, statuses=[proof(message, "wamid.1", "delivered")])
    evidence.take(parked())
    before = Message.objects.values().get(pk=message.pk)
    assert before["status"] == "delivered"
    [departure] = departures.prepare([claim])
    for answer in (
        Answer(http_status=200, provider_id="wamid.1"),
        Answer(failure=Failure.INTERRUPTED),
        Answer(failure=Failure.NOT_CONNECTED),
    ):
        assert recording.record([recording.answered(departure, answer)]) == 0
    assert Message.objects.values().get(pk=message.pk) == before
    assert entry_of(message).sent_twice_at is None


def test_proof_and_answer_at_the_same_moment_agree(ready: Conversation, graph: FakeGraph) -> None:
    for number in range(10):
        message = write(ready, str(number))
        [departure] = departures.prepare([launch()])
        wamid = f"wamid.{number}"
        tell(ready, statuses=[proof(message, wamid)])
        outcome = recording.answered(departure, Answer(http_status=200, provider_id=wamid))
        found = together(evidence.sweep, partial(record_surely, [outcome]))
        assert not [each for each in found if isinstance(each, Exception)]
        evidence.sweep()
        message.refresh_from_db()
        assert (message.status, message.provider_id) == ("sent", wamid)
        assert (states(message), entry_of(message).state) == (["accepted"], "accepted")
        assert entry_of(message).sent_twice_at is None
        assert parked() == []


def test_the_proof_frees_nobody_elses_claim(ready: Conversation, lost: Message) -> None:
    following = write(ready, "two")
    age_dispatch()
    dispatch_due(limit_seconds=0.01)
    Lane.objects.update(due_at=Now())
    claimed = claims.claim(limit=10)
    evidence_of = proof(lost, "wamid.1")
    tell(ready, statuses=[evidence_of])
    evidence.sweep()
    lane = Lane.objects.get()
    held = [*claimed.claims, *claimed.ended_holds]
    assert held[0].token == lane.claim_token
    assert lane.claimed_until is not None
    assert entry_of(following).state == "waiting"


def test_the_hint_carries_ids_and_asks_for_the_lanes(
    ready: Conversation, lost: Message, hinted: list[str], graph: FakeGraph
) -> None:
    hinted.clear()
    tell(ready, statuses=[proof(lost, "wamid.1")])
    assert hinted.count(take_evidence.name) == 1
    take_evidence(*parked())
    assert entry_of(lost).state == "accepted"


def test_later_statuses_of_a_proved_id_find_their_message(
    ready: Conversation, lost: Message
) -> None:
    tell(ready, statuses=[proof(lost, "wamid.1")])
    evidence.sweep()
    tell(ready, statuses=[proof(lost, "wamid.1", "read")])
    lost.refresh_from_db()
    assert (lost.status, parked()) == ("read", [])


def test_what_does_not_fit_holds_up_no_neighbour(
    ready: Conversation, lost: Message, graph: FakeGraph
) -> None:
    Message.objects.filter(pk=lost.pk).update(direction="out")
    other = write(ready, "two")
    age_dispatch()
    dispatch_due(limit_seconds=5)
    other.refresh_from_db()
    taken = SendAttempt.objects.get(entry__message=other)
    SendAttempt.objects.filter(pk=taken.pk).update(provider_id="wamid.taken")
    tell(ready, statuses=[proof(lost, "wamid.taken")])
    evidence.sweep()
    assert states(lost) == ["unknown"]
    assert OutboxEntry.objects.get(message=other).state == "accepted"


@pytest.mark.parametrize("order", ["echo first", "heard echo", "proof first", "together"])
def test_an_echo_does_not_swallow_the_proof(ready: Conversation, lost: Message, order: str) -> None:
    said, echoed = [proof(lost, "wamid.1", "delivered")], [echo("wamid.1")]
    if order == "together":
        tell(ready, statuses=said, echoes=echoed)
    if order != "proof first":
        tell(ready, echoes=echoed)
    if order == "heard echo":
        tell(ready, statuses=[bodies.status("wamid.1", "sent")])
    tell(ready, statuses=said)
    tell(ready, echoes=echoed)
    evidence.sweep()
    lost.refresh_from_db()
    assert (lost.status, lost.provider_id) == ("delivered", "wamid.1")
    assert Message.objects.shown().count() == 1


def test_what_nobody_claims_becomes_the_echos_in_the_end(
    ready: Conversation, lost: Message
) -> None:
    foreign = bodies.status("wamid.2", "read", biz_opaque_callback_data="somebody else's")
    tell(ready, statuses=[foreign], echoes=[echo("wamid.2")])
    evidence.sweep()
    sweep_parked()
    other = Message.objects.get(provider_id="wamid.2")
    assert other.status == "sent"
    Receipt.objects.update(received_at=Now() - timedelta(minutes=2))
    sweep_parked()
    other.refresh_from_db()
    assert other.status == "read"
