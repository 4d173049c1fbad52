from __future__ import annotations

from messaging.providers.cloud import client
from outbound import protocol
from outbound.protocol import AttemptState, By, EntryState


def reachable(
    transitions: tuple[protocol.Transition, ...], start: str, *, by: By | None = None
) -> set[str]:
    found: set[str] = set()
    edge = {start}
    allowed = [t for t in transitions if by is None or by in t.by]
    while edge:
        edge = {t.target for t in allowed if t.source in edge} - found
        found |= edge
    return found


def test_a_dispatched_attempt_never_becomes_an_intent_again() -> None:
    for state in set(AttemptState) - {AttemptState.INTENT}:
        assert AttemptState.INTENT not in reachable(protocol.ATTEMPT_TRANSITIONS, state)


def test_an_attempt_is_dispatched_at_most_once() -> None:
    after = reachable(protocol.ATTEMPT_TRANSITIONS, AttemptState.DISPATCHING)
    assert AttemptState.DISPATCHING not in after


def test_only_what_did_not_leave_is_repeated_without_a_person() -> None:
    assert {AttemptState.NOT_SENT} == protocol.REPEATABLE_ATTEMPTS


def test_nothing_known_is_ever_forgotten() -> None:
    for state in (AttemptState.ACCEPTED, AttemptState.REJECTED, AttemptState.NOT_SENT):
        assert not reachable(protocol.ATTEMPT_TRANSITIONS, state)


def test_an_unknown_outcome_is_never_sent_again_by_itself() -> None:
    after = reachable(protocol.ENTRY_TRANSITIONS, EntryState.CONFIRMING, by=By.MACHINE)
    assert after == {EntryState.NEEDS_REVIEW, EntryState.ACCEPTED, EntryState.FAILED}


def test_every_state_is_reached() -> None:
    attempts = reachable(protocol.ATTEMPT_TRANSITIONS, AttemptState.INTENT)
    entries = reachable(protocol.ENTRY_TRANSITIONS, EntryState.WAITING)
    assert attempts == set(AttemptState) - {AttemptState.INTENT}
    assert entries == set(EntryState)


def test_a_claim_covers_the_longest_send() -> None:
    assert client.TOTAL_SECONDS <= protocol.SEND_SECONDS
    assert client.CONNECT_SECONDS + client.READ_SECONDS <= client.TOTAL_SECONDS
    assert protocol.BUDGET_SECONDS < protocol.CLAIM_SECONDS
