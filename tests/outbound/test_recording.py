"""Answers that come late, twice, or to a Postgres that is away."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from messaging.models import Channel, Conversation
from messaging.providers.answers import Answer, Failure
from outbound import claims, departures, recording
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from outbound.surely import record_surely
from tests.factories import ContactIdentityFactory, ConversationFactory, MessageFactory
from tests.outbound import graph as fake
from tests.outbound.conftest import (
    abandon_claims,
    entry_of,
    in_thread,
    open_window,
    states,
    write,
)
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_late_answer_settles_what_was_given_up(ready: Conversation, graph: FakeGraph) -> None:
    arrived, released = Event(), Event()

    async def slow(request: Any, body: Any) -> Any:
        arrived.set()
        return await fake.after(released)(request, body)

    graph.next.append(slow)
    message = write(ready, "one")
    with in_thread(lambda: dispatch_due(limit_seconds=1)):
        assert arrived.wait(10)
        SendAttempt.objects.update(dispatched_at=Now() - timedelta(seconds=91))
        abandon_claims()
        dispatch_due(limit_seconds=5)
        message.refresh_from_db()
        assert message.status == "needs_review"
        released.set()
    message.refresh_from_db()
    assert (message.status, states(message)) == ("accepted", ["accepted"])
    assert message.provider_id
    assert entry_of(message).state == "accepted"
    assert len(graph.asked) == 1


def test_a_late_answer_leaves_another_ones_claim_alone(
    ready: Conversation, graph: FakeGraph
) -> None:
    write(ready, "one")
    write(ready, "two")
    [late] = claims.claim(limit=10).claims
    claims.fence([late])
    [departure] = departures.prepare([late])
    SendAttempt.objects.update(dispatched_at=Now() - timedelta(seconds=91))
    abandon_claims()
    other = claims.claim(limit=10)
    answer = Answer(http_status=200, provider_id="wamid.late")
    recording.record([recording.answered(departure, answer)])
    assert OutboxEntry.objects.filter(state="accepted").count() == 1
    lane = Lane.objects.get()
    assert lane.claim_token == other.ended_holds[0].token
    assert lane.claimed_until is not None


def test_proof_that_comes_too_late_does_not_undo_an_unknown(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    [late] = claims.claim(limit=10).claims
    claims.fence([late])
    [departure] = departures.prepare([late])
    abandon_claims()
    dispatch_due(limit_seconds=5)
    not_sent = Answer(failure=Failure.NOT_CONNECTED)
    assert recording.record([recording.answered(departure, not_sent)]) == 0
    assert states(message) == ["unknown"]
    assert entry_of(message).state == "confirming"


def test_an_answer_that_does_not_fit_leaves_its_neighbours_alone(
    ready: Conversation, channel: Channel, graph: FakeGraph
) -> None:
    MessageFactory(conversation=ready, provider_id="wamid.1")
    conversations = [ready, *(other_conversation(channel) for _ in range(3))]
    messages = [write(row, "hello") for row in conversations]
    claimed = sorted(claims.claim(limit=10).claims, key=lambda each: each.message_id)
    claims.fence(claimed)
    outcomes = [
        recording.answered(departure, Answer(http_status=200, provider_id=f"wamid.{number}"))
        for number, departure in enumerate(departures.prepare(claimed))
    ]
    assert record_surely(outcomes) == 4
    found = [states(message) for message in messages]
    assert found == [["accepted"], ["unknown"], ["accepted"], ["accepted"]]


def other_conversation(channel: Channel) -> Conversation:
    contact = ContactIdentityFactory(contact__organization=channel.organization).contact
    conversation: Conversation = ConversationFactory(channel=channel, contact=contact)
    open_window(conversation)
    return conversation


def test_answers_wait_for_postgres(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    record = recording.record
    pauses: list[float] = []

    def sometimes(outcomes: Any) -> int:
        if len(pauses) < 6:
            raise OperationalError("the database is away")
        return record(outcomes)

    monkeypatch.setattr(recording, "record", sometimes)
    monkeypatch.setattr(time, "sleep", pauses.append)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "accepted"
    assert len(graph.asked) == 1
    assert pauses == sorted(pauses)
    assert max(pauses) <= 2


def test_recording_twice_changes_nothing(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "one")
    claimed = claims.claim(limit=10).claims
    claims.fence(claimed)
    answer = Answer(http_status=200, provider_id="wamid.1")
    outcome = recording.answered(departures.prepare(claimed)[0], answer)
    assert recording.record([outcome]) == 1
    message.refresh_from_db()
    before = message.changed_seq
    assert recording.record([outcome]) == 0
    message.refresh_from_db()
    assert message.changed_seq == before
