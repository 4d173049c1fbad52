"""A restored backup sends nothing by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from django.db import connection as database
from django.utils import timezone

from messaging.models import Conversation
from messaging.providers.answers import Answer
from outbound import claims, incarnations, quarantine
from outbound.dispatch import dispatch_due
from outbound.models import Incarnation, OutboxEntry, Quarantine, SendAttempt
from tests.outbound.conftest import entry_of, states, write
from tests.outbound.graph import FakeGraph
from tests.outbound.test_journal import answer_of, dispatched, left_by_a_dead_process

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def restored(ready: Conversation, graph: FakeGraph) -> Conversation:
    """A database that has sent, and is another one now."""
    dispatch_due(limit_seconds=5)
    Incarnation.objects.update(system_identifier="1")
    return ready


def reason() -> str:
    return Quarantine.objects.get().reason


def test_a_fresh_database_sends(ready: Conversation, graph: FakeGraph) -> None:
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]
    assert not Quarantine.objects.exists()


def test_nothing_leaves_a_restored_database(restored: Conversation, graph: FakeGraph) -> None:
    message = write(restored, "one")
    assert dispatch_due(limit_seconds=5) == 0
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("needs_review", "restored")
    assert entry_of(message).state == "needs_review"
    assert (graph.asked, reason()) == ([], "other_cluster")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({"system_identifier": "1"}, "other_cluster"),
        ({"timeline": 1_000_000}, "other_timeline"),
        ({"table_oid": 1}, "loaded_dump"),
    ],
)
def test_each_kind_of_restore_is_seen_once(
    ready: Conversation, graph: FakeGraph, known: dict[str, Any], expected: str
) -> None:
    dispatch_due(limit_seconds=5)
    Incarnation.objects.update(**known)
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    assert reason() == expected
    quarantine.release(Quarantine.objects.get(), by=None)
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]
    assert Quarantine.objects.count() == 1


def test_a_database_behind_what_this_machine_has_seen_was_put_back(
    ready: Conversation, graph: FakeGraph, settings
) -> None:
    dispatch_due(limit_seconds=5)
    ahead = incarnations.current()
    path = Path(settings.SEND_JOURNAL_DIR) / incarnations.MARK
    path.write_bytes(msgspec.json.encode(msgspec.structs.replace(ahead, position=2**62)))
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    assert (reason(), graph.asked) == ("went_back", [])


def test_a_process_that_looked_a_moment_earlier_than_another_suspects_nothing(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch_due(limit_seconds=5)
    look = incarnations.current

    def overtaken() -> incarnations.Identity:
        mine = look()
        incarnations.remember(msgspec.structs.replace(mine, position=mine.position + 10_000))
        return mine

    monkeypatch.setattr(incarnations, "current", overtaken)
    assert quarantine.permits()


def test_what_was_seen_of_another_database_says_nothing(
    ready: Conversation, graph: FakeGraph, settings
) -> None:
    dispatch_due(limit_seconds=5)
    other = msgspec.structs.replace(incarnations.current(), table=1, position=2**62)
    path = Path(settings.SEND_JOURNAL_DIR) / incarnations.MARK
    path.write_bytes(msgspec.json.encode(other))
    dispatch_due(limit_seconds=5)
    path.write_text("{")
    dispatch_due(limit_seconds=5)
    assert not Quarantine.objects.exists()


def test_what_was_under_way_in_the_backup_may_have_left(
    ready: Conversation, graph: FakeGraph
) -> None:
    dispatch_due(limit_seconds=5)
    message, following = write(ready, "one"), write(ready, "two")
    claims.claim(limit=10)
    Incarnation.objects.update(timeline=1_000_000)
    dispatch_due(limit_seconds=5)
    assert states(message) == ["unknown"]
    assert SendAttempt.objects.get().dispatched_at is not None
    assert [entry_of(each).state for each in (message, following)] == ["needs_review"] * 2


def test_what_is_planned_or_written_afterwards_waits_for_the_release(
    restored: Conversation, graph: FakeGraph
) -> None:
    planned = write(restored, "planned", due_at=timezone.now() + timedelta(hours=1))
    dispatch_due(limit_seconds=5)
    fresh = write(restored, "fresh")
    dispatch_due(limit_seconds=5)
    assert [entry_of(each).state for each in (planned, fresh)] == ["waiting"] * 2
    assert graph.asked == []
    quarantine.release(Quarantine.objects.get(), by=None)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["fresh"]


def test_proof_from_the_journal_still_counts_in_quarantine(
    ready: Conversation, graph: FakeGraph
) -> None:
    dispatch_due(limit_seconds=5)
    message = write(ready, "one")
    left_by_a_dead_process(answer_of(dispatched(), http_status=200, provider_id="wamid.left"))
    Incarnation.objects.update(timeline=1_000_000)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, states(message)) == ("accepted", ["accepted"])


def test_an_old_refusal_does_not_undo_that_it_may_have_left_since(
    ready: Conversation, graph: FakeGraph
) -> None:
    dispatch_due(limit_seconds=5)
    message = write(ready, "one")
    busy = Answer(http_status=429, code=130429)
    left_by_a_dead_process({next(iter(answer_of(dispatched()))): busy})
    Incarnation.objects.update(timeline=1_000_000)
    dispatch_due(limit_seconds=5)
    assert (states(message), entry_of(message).state) == (["unknown"], "needs_review")


def test_a_turn_under_way_sends_nothing_more(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "one")
    claimed = claims.claim(limit=10).claims
    quarantine.start(is_restored=False)
    assert claims.fence(claimed)[0] == set()
    assert entry_of(message).state == "waiting"


def test_a_brake_hands_nothing_over(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "one")
    quarantine.start(is_restored=False)
    dispatch_due(limit_seconds=5)
    assert (entry_of(message).state, graph.asked) == ("waiting", [])
    quarantine.release(Quarantine.objects.get(), by=None)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]


def test_a_handover_that_was_cut_short_goes_on(
    restored: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [write(restored, str(number)) for number in range(5)]
    monkeypatch.setattr(quarantine, "BATCH", 2)
    monkeypatch.setattr(quarantine, "hand_over", lambda _: 0)
    dispatch_due(limit_seconds=5)
    assert OutboxEntry.objects.filter(state="waiting").count() == 5
    monkeypatch.undo()
    dispatch_due(limit_seconds=5)
    assert {entry_of(each).state for each in messages} == {"needs_review"}


def test_an_ordinary_owner_may_ask_which_database_this_is() -> None:
    settings = database.get_connection_params()
    with database.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = 'inbox_plain'")
        if not cursor.fetchone():
            cursor.execute("CREATE ROLE inbox_plain")
    keys = ("host", "port", "dbname", "user", "password")
    address = {key: settings[key] for key in keys if settings.get(key)}
    with psycopg.connect(**address) as session:
        session.execute("SET ROLE inbox_plain")
        row = session.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
        assert row is not None
        assert session.execute(incarnations.IDENTITY).fetchone() is not None
