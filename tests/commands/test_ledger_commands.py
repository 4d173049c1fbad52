"""`ledger`, `replay` and `dlq` at an operator's terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import CommandError

from messaging.models import Channel, DeadLetter, InboundItem, Message
from tests.commands.test_commands import run
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.poison import POISON, breaks, decoding_with, poisonous
from tests.messaging.tables import dump

pytestmark = pytest.mark.django_db


@pytest.fixture
def letters(connection, monkeypatch) -> list[int]:
    """One message arrived, one delivery could not be read, one item not applied."""
    with poisonous(monkeypatch):
        texts = [bodies.text("wamid.1"), bodies.text("wamid.2", body=POISON)]
        deliver(connection, bodies.body(texts), b"<html>")
        drain_all(connection)
    DeadLetter.objects.update(state="failed", due_at=None)
    return list(DeadLetter.objects.order_by("event", "position").values_list("pk", flat=True))


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


# --- ledger -------------------------------------------------------------------------------------


def test_balance_by_channel_and_hour(letters) -> None:
    [channel] = as_json("ledger", "balance", "--by", "channel", "--channel", bodies.NUMBER_ID)
    assert channel["channel"] == bodies.NUMBER_ID
    rows = as_json("ledger", "balance", "--by", "hour", "--since", "1h")
    assert sum(row["items"] for row in rows) == 3
    assert all(row["balanced"] and row["hour"].endswith("Z") for row in rows)
    assert bodies.NUMBER_ID in run("ledger", "balance", "--by", "hour")
    assert as_json("ledger", "balance", "--since", "2100-01-01")["received"] == 0
    pk = str(Channel.objects.get().pk)
    assert as_json("ledger", "balance", "--channel", pk)["applied"] == 1
    with pytest.raises(CommandError, match="no channel"):
        run("ledger", "balance", "--channel", "nowhere")
    with pytest.raises(CommandError, match="how long ago"):
        run("ledger", "balance", "--since", "yesterday")


def test_trace_tells_what_became_of_a_message(letters, connection) -> None:
    deliver(connection, bodies.body(statuses=[bodies.status("wamid.2", "delivered")]))
    drain_all(connection)
    story = run("ledger", "trace", "wamid.2")
    assert "waited 0." in story
    assert "dead: DataError while it was applied" in story
    assert f"dead letter {letters[0]} (inbound, failed, 1 attempts)" in story
    assert "status delivered, waits for its message" in story
    assert POISON not in story
    told = as_json("ledger", "trace", "wamid.1")
    assert set(told) >= {"wamid", "items", "messages", "attempts", "statuses"}
    assert "applied message" in run("ledger", "trace", "wamid.1")


# --- replay -------------------------------------------------------------------------------------


def test_replay_says_that_nothing_changes(letters) -> None:
    before = dump()
    assert run("replay", "--outcome", "dead", "--dry-run").endswith(": 1 messages would be added,"
        " 0 would be changed, 1 lines would be rewritten\n")  # fmt: skip
    assert dump() == before
    run("replay")
    assert run("replay").strip() == "2 deliveries, 3 items: nothing changes"
    assert as_json("replay", "--since", "24h")["changes_nothing"] is True


def test_replay_names_ids_and_no_texts(connection, monkeypatch) -> None:
    with decoding_with(monkeypatch, breaks):
        deliver(connection, bodies.body([bodies.text("wamid.1", body="secret words")]))
        drain_all(connection)
    event = str(InboundItem.objects.get().event_id)
    said = run("replay", "--event", event, "--connection", connection.slug)
    assert f"+ message {Message.objects.get().pk} wamid.1 (text) of delivery {event}" in said
    assert f"~ line {event}/0 (text): dead → applied" in said
    assert "secret" not in said


def test_replay_of_an_unknown_connection_is_refused() -> None:
    with pytest.raises(CommandError, match="no connection"):
        run("replay", "--connection", "nowhere")


# --- dlq ----------------------------------------------------------------------------------------


def test_dlq_lists_what_waits_for_a_person(letters, connection) -> None:
    assert [row["id"] for row in as_json("dlq", "list")] == letters
    assert "2 dead letters" in run("dlq", "list")
    assert len(as_json("dlq", "list", "--code", "malformed")) == 1
    assert len(as_json("dlq", "list", "--channel", bodies.NUMBER_ID)) == 1
    assert len(as_json("dlq", "list", "--org", connection.organization.slug)) == 2
    assert as_json("dlq", "list", "--org", "other") == []
    assert as_json("dlq", "list", "--source", "media") == []
    DeadLetter.objects.update(state="discarded")
    assert as_json("dlq", "list") == []
    assert len(as_json("dlq", "list", "--state", "discarded")) == 2


def test_dlq_retries_by_id_and_by_filter(letters) -> None:
    before = dump()
    told = as_json("dlq", "retry", "--all", "--dry-run")
    assert (told["would_be_retried"], dump()) == (2, before)
    assert as_json("dlq", "retry", str(letters[0]))["resolved"] == 1
    told = as_json("dlq", "retry", "--all", "--reason", "not JSON")
    assert (told["retried"], told["failed"]) == (1, 1)
    assert InboundItem.objects.get(key="wamid.2").outcome == "applied"


def test_dlq_discards(letters) -> None:
    assert as_json("dlq", "discard", str(letters[0]), "--dry-run")["would_be_discarded"] == 1
    assert as_json("dlq", "discard", "--all", "--code", "malformed") == {"discarded": 1}
    states = DeadLetter.objects.order_by("event", "position").values_list("state", flat=True)
    assert list(states) == ["failed", "discarded"]


@pytest.mark.parametrize("action", ["retry", "discard"])
def test_dlq_does_nothing_to_nothing_in_particular(action, letters) -> None:
    for arguments in ([], [str(letters[0]), "--all"]):
        with pytest.raises(CommandError, match="--all"):
            run("dlq", action, *arguments)
