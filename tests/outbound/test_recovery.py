"""Workers that die or pause at each step."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from messaging.models import Conversation
from messaging.providers.answers import Answer
from outbound import claims, departures, protocol, recording
from outbound.courier import courier
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from outbound.surely import record_surely
from tests.outbound import graph as fake
from tests.outbound.conftest import (
    abandon_claims,
    age_dispatch,
    entry_of,
    states,
    write,
)
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_worker_that_dies_before_the_fence_has_sent_nothing(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    claims.claim(limit=10)
    assert dispatch_due(limit_seconds=5) == 0, "the claim still runs"
    abandon_claims()
    dispatch_due(limit_seconds=5)
    assert states(message) == ["not_sent", "accepted"]
    assert graph.accepted == ["one"]


def test_a_worker_that_dies_after_the_fence_may_have_sent(
    ready: Conversation, graph: FakeGraph
) -> None:
    message, following = write(ready, "one"), write(ready, "two")
    claims.fence(claims.claim(limit=10).claims)
    abandon_claims()
    dispatch_due(limit_seconds=5)
    assert states(message) == ["unknown"]
    assert entry_of(message).state == "confirming"
    assert graph.asked == []
    age_dispatch(seconds=61)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert (message.status, following.status) == ("needs_review", "accepted")
    assert graph.accepted == ["two"]


def test_a_late_answer_does_not_free_a_lane_that_others_claimed_since(
    ready: Conversation, graph: FakeGraph
) -> None:
    write(ready, "one")
    write(ready, "two")
    first = claims.claim(limit=10).claims
    departure = departures.prepare(first)[0]
    claims.fence(first)
    abandon_claims()
    age_dispatch(seconds=61)
    ended = claims.claim(limit=10).ended_holds
    recording.record([recording.hold_ended(each) for each in ended])
    claims.fence(claims.claim(limit=10).claims)  # of the second message, by a worker that dies
    abandon_claims()
    late = Answer(http_status=200, provider_id="wamid.one")
    record_surely([recording.answered(departure, late)])
    age_dispatch(seconds=61)
    dispatch_due(limit_seconds=5)
    assert [entry.state for entry in OutboxEntry.objects.order_by("pk")] == [
        "accepted",
        "needs_review",
    ]
    assert graph.asked == []


def test_a_hold_that_ended_while_nobody_looked_goes_to_a_person_at_once(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    claims.fence(claims.claim(limit=10).claims)
    SendAttempt.objects.update(dispatched_at=Now() - timedelta(seconds=91))
    abandon_claims()
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "needs_review"
    assert graph.asked == []


def test_workers_that_only_ever_die_do_not_hold_the_lane_for_ever(
    ready: Conversation, graph: FakeGraph
) -> None:
    message, following = write(ready, "one"), write(ready, "two")
    for _ in range(5):
        claims.claim(limit=10)
        abandon_claims()
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "claim_expired")
    assert following.status == "accepted"


def test_a_paused_worker_is_stopped_at_the_fence(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    prepare = departures.prepare

    def pause(found: Any) -> Any:
        monkeypatch.setattr(departures, "prepare", prepare)
        ready_to_go = prepare(found)
        abandon_claims()
        dispatch_due(limit_seconds=5)
        return ready_to_go

    monkeypatch.setattr(departures, "prepare", pause)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]
    assert states(message) == ["not_sent", "accepted"]


@pytest.mark.parametrize("seconds", [-1, 1, protocol.BUDGET_SECONDS - 1])
def test_the_fence_wants_time_for_a_whole_send(ready: Conversation, seconds: int) -> None:
    write(ready, "one")
    claimed = claims.claim(limit=10)
    Lane.objects.update(claimed_until=Now() + timedelta(seconds=seconds))
    assert claims.fence(claimed.claims)[0] == set()
    assert SendAttempt.objects.get().state == "intent"


def test_the_fence_wants_the_lanes_own_token(ready: Conversation) -> None:
    write(ready, "one")
    claimed = claims.claim(limit=10)
    Lane.objects.update(claim_token=claimed.claims[0].token + 1)
    assert claims.fence(claimed.claims)[0] == set()


def test_the_fence_opens_once(ready: Conversation) -> None:
    write(ready, "one")
    claimed = claims.claim(limit=10).claims
    assert claims.fence(claimed)[0] == {claimed[0].attempt_pk}
    assert claims.fence(claimed)[0] == set()


def test_what_began_too_late_after_the_fence_does_not_leave(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    monkeypatch.setattr(protocol, "START_SECONDS", 0)
    dispatch_due(limit_seconds=5)
    assert graph.asked == []
    assert states(message) == ["not_sent"]
    assert entry_of(message).state == "waiting"


def test_a_database_that_fails_at_the_claim_does_not_lose_what_is_in_flight(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    claim, released, calls = claims.claim, Event(), []

    def once(**room: Any) -> claims.Claimed:
        calls.append(room)
        if len(calls) > 1:
            released.set()
            raise OperationalError("the database is away")
        return claim(**room)

    graph.next.append(fake.after(released))
    monkeypatch.setattr(claims, "claim", once)
    with pytest.raises(OperationalError):
        dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_send_that_breaks_inside_us_is_unknown(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(type(courier()), "_send", broken)
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    assert states(message) == ["unknown"]


def test_the_turn_ends_and_leaves_the_rest_due(ready: Conversation, graph: FakeGraph) -> None:
    write(ready, "one")
    assert dispatch_due(limit_seconds=0) == 0
    assert Lane.objects.due().exists()
    assert graph.asked == []
