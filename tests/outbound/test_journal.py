"""Answers that Postgres could not take, on disk and back."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError

from messaging.models import Conversation
from messaging.providers.answers import Answer, Failure
from outbound import claims, departures, journal, recording, replaying
from outbound.departures import Departure
from outbound.dispatch import dispatch_due
from outbound.journal import Journal
from outbound.models import SendAttempt
from tests.outbound.conftest import abandon_claims, age_dispatch, entry_of, make_due, states, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(settings) -> Path:
    return Path(settings.SEND_JOURNAL_DIR)


def files(folder: Path) -> list[Path]:
    """All but the note of which database was seen."""
    return sorted(path for path in folder.iterdir() if path.suffix != ".json")


def dispatched() -> Departure:
    """One message behind the fence."""
    claimed = claims.claim(limit=10).claims
    claims.fence(claimed)
    return departures.prepare(claimed)[0]


def left_by_a_dead_process(answers: dict[UUID, Answer]) -> Journal:
    """A journal whose process has died: its file is there and nobody holds the lock."""
    own = Journal()
    own.keep(answers)
    os.close(own._descriptor)
    return own


def answer_of(departure: Departure, **answer: Any) -> dict[UUID, Answer]:
    assert departure.claim.attempt_id
    return {departure.claim.attempt_id: Answer(**answer)}


def test_an_answer_that_a_dead_process_heard_is_recorded_once(
    ready: Conversation, graph: FakeGraph, folder: Path
) -> None:
    message = write(ready, "one")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, message.provider_id) == ("accepted", "wamid.left")
    assert states(message) == ["accepted"]
    assert files(folder) == []
    assert graph.asked == []


def test_a_replay_frees_the_lane_for_the_next_message(
    ready: Conversation, graph: FakeGraph
) -> None:
    write(ready, "one")
    following = write(ready, "two")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))
    dispatch_due(limit_seconds=5)
    following.refresh_from_db()
    assert following.status == "accepted"
    assert graph.accepted == ["two"]


def test_proof_that_nothing_left_is_replayed_only_while_nobody_has_decided(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    left = answer_of(dispatched(), failure=Failure.NOT_CONNECTED)
    abandon_claims()
    dispatch_due(limit_seconds=5)
    assert states(message) == ["unknown"]
    left_by_a_dead_process(left)
    age_dispatch(seconds=61)
    dispatch_due(limit_seconds=5)
    assert states(message) == ["unknown"]
    assert entry_of(message).state == "needs_review"
    assert graph.asked == []


def test_a_replay_may_be_repeated(ready: Conversation, graph: FakeGraph, folder: Path) -> None:
    message = write(ready, "one")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))
    [path] = files(folder)
    content = path.read_bytes()
    assert replaying.replay() == 1
    message.refresh_from_db()
    before = message.changed_seq
    path.write_bytes(content)
    assert replaying.replay() == 0
    message.refresh_from_db()
    assert message.changed_seq == before


def test_the_file_of_a_living_process_is_left_alone(
    ready: Conversation, graph: FakeGraph, folder: Path
) -> None:
    message = write(ready, "one")
    own = Journal()
    own.keep(answer_of(dispatched(), http_status=200, provider_id="wamid.kept"))
    assert replaying.replay() == 0
    assert states(message) == ["dispatching"]
    own.forget([*own._kept])
    assert files(folder) == []


def test_a_line_that_was_cut_short_costs_no_other(
    ready: Conversation, graph: FakeGraph, folder: Path
) -> None:
    message = write(ready, "one")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))
    [path] = files(folder)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2] + whole[: len(whole) // 3])
    assert replaying.replay() == 1
    message.refresh_from_db()
    assert message.provider_id == "wamid.left"


def test_answers_of_attempts_that_nobody_knows_wait_for_a_person(
    ready: Conversation, graph: FakeGraph, folder: Path
) -> None:
    message = write(ready, "one")
    known = answer_of(dispatched(), http_status=200, provider_id="wamid.left")
    left_by_a_dead_process({**known, uuid4(): Answer(provider_id="wamid.lost")})
    assert replaying.replay() == 1
    assert states(message) == ["accepted"]
    assert [path.suffix for path in files(folder)] == [".unmatched"]
    assert replaying.replay() == 0


def test_what_waits_for_postgres_is_on_disk_and_then_gone(
    ready: Conversation, graph: FakeGraph, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    record, seen = recording.record, list[bytes]()

    def sometimes(outcomes: Any) -> int:
        if not seen:
            raise OperationalError("the database is away")
        return record(outcomes)

    def look(_: float) -> None:
        seen.extend(path.read_bytes() for path in files(folder))

    monkeypatch.setattr(recording, "record", sometimes)
    monkeypatch.setattr(time, "sleep", look)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.provider_id or "-").encode() in seen[0]
    assert b"one" not in seen[0].replace(b"none", b"")
    assert b"351910000042" not in seen[0]
    assert files(folder) == []


def test_what_breaks_while_it_waits_is_recorded_by_whoever_comes_next(
    ready: Conversation, graph: FakeGraph, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    record, failures = recording.record, [OperationalError("away"), ValueError("broken")]

    def broken(outcomes: Any) -> int:
        if failures:
            raise failures.pop(0)
        return record(outcomes)

    monkeypatch.setattr(recording, "record", broken)
    with pytest.raises(ValueError, match="broken"):
        dispatch_due(limit_seconds=5)
    assert states(message) == ["dispatching"]
    assert len(files(folder)) == 1
    dispatch_due(limit_seconds=5)
    assert states(message) == ["accepted"]
    assert files(folder) == []
    assert len(graph.asked) == 1


def test_a_disk_that_cannot_be_written_holds_nothing_up(
    ready: Conversation, graph: FakeGraph, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    settings.SEND_JOURNAL_DIR = str(tmp_path / "file" / "journal")
    message = write(ready, "one")
    record, failures = recording.record, [OperationalError("the database is away")]

    def once(outcomes: Any) -> int:
        if failures:
            raise failures.pop()
        return record(outcomes)

    monkeypatch.setattr(recording, "record", once)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_replay_waits_while_postgres_is_away(
    ready: Conversation, graph: FakeGraph, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ready, "one")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))

    def away(outcomes: Any) -> int:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "record", away)
        with pytest.raises(OperationalError):
            replaying.replay()
    make_due()
    assert replaying.replay() == 1
    assert SendAttempt.objects.get().state == "accepted"


def test_a_fork_has_no_journal_of_its_parents(folder: Path) -> None:
    own = Journal()
    own.keep({uuid4(): Answer(provider_id="wamid.1")})
    own.drop()
    own.keep({uuid4(): Answer(provider_id="wamid.2")})
    assert len(files(folder)) == 2
    assert [len(journal.read(path)) for path in files(folder)] == [1, 1]
