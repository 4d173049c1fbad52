"""Deliveries → rows: each item once, in order, whatever fails and whoever works beside."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError

from messaging import drain
from messaging.apply import messages as apply_messages
from messaging.ledger import balance
from messaging.models import (
    Channel,
    Connection,
    Contact,
    Conversation,
    DeadLetter,
    Episode,
    InboundEvent,
    InboundItem,
    Message,
    Receipt,
)
from messaging.receipts import sweep_parked
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all

POISON = "poison"
NOON = 1_750_000_000


def outcomes() -> dict[str, int]:
    """Lines of the ledger by outcome."""
    return dict(Counter(InboundItem.objects.values_list("outcome", flat=True)))


def by_seq() -> list[str | None]:
    """Provider ids in the order of their birth."""
    return list(Message.objects.order_by("seq").values_list("provider_id", flat=True))


@pytest.fixture
def poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that Postgres refuses, as if decoding had let it through."""
    honest = apply_messages._row

    def row(batch: Any, message: Any) -> dict[str, Any]:
        made = honest(batch, message)
        return made | {"text": "\0"} if made["text"] == POISON else made

    monkeypatch.setattr(apply_messages, "_row", row)


# --- poison -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("poisonous")
def test_a_poison_item_dies_alone(connection: Connection) -> None:
    texts = [bodies.text(f"wamid.{number}") for number in range(9)]
    texts[4] = bodies.text("wamid.4", body=POISON)
    deliver(connection, bodies.body(texts[:2]), bodies.body(texts[2:7]), bodies.body(texts[7:]))
    assert drain_all(connection) == 3
    assert by_seq() == [f"wamid.{number}" for number in range(9) if number != 4]
    assert outcomes() == {"applied": 8, "dead": 1}
    letter = DeadLetter.objects.get()
    assert (letter.source, letter.position, letter.state) == ("inbound", 2, "retrying")
    assert letter.code == "DataError"
    assert letter.stack
    line = InboundItem.objects.get(outcome="dead")
    assert (line.key, line.reason) == ("wamid.4", "DataError while it was applied")
    assert balance().balanced
    assert not InboundEvent.objects.exclude(state="finished").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("poisonous")
def test_a_drain_that_dies_while_it_splits_is_finished_by_the_next(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [bodies.text(f"wamid.{number}") for number in range(6)]
    texts[3] = bodies.text("wamid.3", body=POISON)
    deliver(connection, bodies.body(texts))

    def dies(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(drain, "bury", dies)
        with pytest.raises(OperationalError):
            drain.drain_batch(connection)
    assert balance().in_flight == 1
    assert Message.objects.exists()
    drain_all(connection)
    assert by_seq() == [f"wamid.{number}" for number in range(6) if number != 3]
    assert outcomes() == {"applied": 5, "dead": 1}


@pytest.mark.django_db
@pytest.mark.parametrize("error", [ProgrammingError("no such column"), OperationalError("gone")])
def test_an_error_of_the_database_buries_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")]))

    def fails(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(drain, "apply", fails)
        with pytest.raises(type(error)):
            drain.drain_batch(connection)
    assert (outcomes(), DeadLetter.objects.count(), balance().in_flight) == ({}, 0, 1)
    drain_all(connection)
    assert outcomes() == {"applied": 1}


@pytest.mark.django_db
def test_a_delivery_that_is_not_json_is_one_dead_item(connection: Connection) -> None:
    deliver(connection, b"<html>", bodies.body([bodies.text("wamid.1")]), b"{}")
    drain_all(connection)
    assert outcomes() == {"applied": 1, "dead": 1, "ignored": 1}
    assert list(InboundItem.objects.filter(outcome="ignored").values_list("reason")) == [("empty",)]
    assert balance().balanced


# Python and Postgres both have limits on depth; whichever is met first, the neighbour passes.
@pytest.mark.django_db
@pytest.mark.parametrize("depth", [100, 900, 1100, 20_000])
def test_a_bottomless_item_does_not_hold_up_its_neighbour(
    connection: Connection, depth: int
) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    hollow = bodies.body([bodies.text("wamid.deep") | {"type": "location", "location": "HERE"}])
    deliver(connection, hollow.replace(b'"HERE"', deep), bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    assert balance().in_flight == 0
    assert Message.objects.filter(provider_id="wamid.1").exists()


@pytest.mark.django_db
def test_a_batch_is_cut_by_bytes_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [bodies.body([bodies.text(f"wamid.{number}")]) for number in range(7)]
    monkeypatch.setattr(drain, "BATCH_BYTES", 2 * len(contents[0]) + 1)
    deliver(connection, *contents)
    assert [drain.drain_batch(connection) for _ in range(4)] == [3, 3, 1, 0]
    assert by_seq() == [f"wamid.{number}" for number in range(7)]


# --- two at once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_drains_at_once_apply_each_item_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH_EVENTS", 7)
    wamids = [f"wamid.{number:03}" for number in range(100)]
    deliver(connection, *(bodies.body([bodies.text(wamid)]) for wamid in wamids))
    at_once(*[partial(drain_all, connection)] * 2)
    assert by_seq() == wamids
    assert outcomes() == {"applied": 100}
    assert balance().balanced


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("poisonous")
def test_two_drains_at_once_bury_a_poison_item_once(connection: Connection) -> None:
    texts = [bodies.text(f"wamid.{number}") for number in range(20)]
    texts[7] = bodies.text("wamid.7", body=POISON)
    deliver(connection, *(bodies.body([text]) for text in texts))
    at_once(*[partial(drain_all, connection)] * 2)
    assert outcomes() == {"applied": 19, "dead": 1}
    assert DeadLetter.objects.count() == 1
    assert Message.objects.count() == 19


@pytest.mark.django_db(transaction=True)
def test_fifty_first_messages_are_one_contact_and_one_conversation(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH_EVENTS", 3)
    wamids = [f"wamid.{number}" for number in range(50)]
    deliver(connection, *(bodies.body([bodies.text(wamid)]) for wamid in wamids))
    at_once(*[partial(drain_all, connection)] * 2)
    assert (Contact.objects.count(), Conversation.objects.count()) == (1, 1)
    assert Episode.objects.count() == 1
    conversation = Conversation.objects.get()
    assert (conversation.head_seq, conversation.inbound_count) == (50, 50)


@pytest.mark.django_db(transaction=True)
def test_a_customer_new_to_two_connections_is_one_contact(organization: Any) -> None:
    both = [
        factories.ConnectionFactory(organization=organization, slug=slug) for slug in ("one", "two")
    ]
    for number, each in enumerate(both):
        texts = [
            bodies.text(f"wamid.{number}.{each}", sender=f"35191{each:04}") for each in range(40)
        ]
        deliver(each, *(bodies.body([text]) for text in texts))
    at_once(*(partial(drain_all, each) for each in both))
    assert (Contact.objects.count(), Conversation.objects.count()) == (40, 80)
    assert outcomes() == {"applied": 80}


# --- order and time -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_messages_are_shown_by_time_and_then_by_birth(connection: Connection) -> None:
    times = {"second": NOON + 5, "first": NOON, "third": NOON + 5, "fourth": NOON + 6}
    deliver(connection, *(bodies.body([bodies.text(w, at=at)]) for w, at in times.items()))
    drain_all(connection)
    shown = Message.objects.order_by("sort_at", "seq").values_list("provider_id", flat=True)
    assert list(shown) == ["first", "second", "third", "fourth"]
    assert by_seq() == ["second", "first", "third", "fourth"]
    assert Conversation.objects.get().last_message.provider_id == "fourth"


@pytest.mark.django_db
def test_an_absurd_time_is_replaced_by_that_of_receipt(connection: Connection) -> None:
    received = datetime(2025, 6, 15, 12, tzinfo=UTC)
    for at in (1_000_000_000, int(received.timestamp()) + 90_000):
        deliver(connection, bodies.body([bodies.text(f"wamid.{at}", at=at)]), at=received)
    drain_all(connection)
    assert set(Message.objects.values_list("provider_at", "sort_at")) == {(None, received)}


@pytest.mark.django_db
def test_what_comes_clearly_late_is_marked(connection: Connection) -> None:
    received = datetime.fromtimestamp(NOON, UTC)
    ages = {"on time": 3, "swapped": 8, "retried": 7200}
    for wamid, age in ages.items():
        deliver(connection, bodies.body([bodies.text(wamid, at=NOON - age)]), at=received)
        drain_all(connection)
    late = Message.objects.filter(arrived_late=True).values_list("provider_id", flat=True)
    assert list(late) == ["retried"]
    conversation = Conversation.objects.get()
    assert conversation.last_message.provider_id == "on time"
    assert conversation.window_expires_at == received + timedelta(hours=24, seconds=-3)


@pytest.mark.django_db
def test_a_reply_to_a_message_of_the_same_batch_finds_it(connection: Connection) -> None:
    question, answer = bodies.text("wamid.1"), bodies.text("wamid.2")
    answer["context"] = {"from": "351910000042", "id": "wamid.1"}
    deliver(connection, bodies.body([question]), bodies.body([answer]))
    drain_all(connection)
    assert Message.objects.get(provider_id="wamid.2").reply_to.provider_id == "wamid.1"


# --- what opens the window ----------------------------------------------------------------------


@pytest.mark.django_db
def test_only_the_customer_speaking_counts(connection: Connection) -> None:
    reaction = bodies.text("wamid.1") | {
        "type": "reaction",
        "reaction": {"message_id": "wamid.0", "emoji": "👍"},
    }
    system = bodies.text("wamid.2") | {"type": "system", "system": {"body": "moved"}}
    echo = bodies.text("wamid.3", sender="351210000001") | {"to": "351910000042"}
    deliver(connection, bodies.body([reaction, system], echoes=[echo]))
    drain_all(connection)
    silent = Conversation.objects.get()
    assert silent.head_seq == 2
    assert (silent.window_expires_at, silent.waiting_since, silent.inbound_count) == (None, None, 0)
    deliver(connection, bodies.body([bodies.text("wamid.4"), bodies.text("wamid.5", at=NOON + 9)]))
    drain_all(connection)
    spoken = Conversation.objects.get()
    assert spoken.window_expires_at == datetime.fromtimestamp(NOON + 9, UTC) + timedelta(hours=24)
    assert spoken.waiting_since == datetime.fromtimestamp(NOON, UTC)
    assert spoken.inbound_count == 2


@pytest.mark.django_db
def test_a_customer_who_writes_again_reopens(connection: Connection) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    Conversation.objects.update(state="resolved")
    Episode.objects.update(resolved_at=datetime.now(UTC))
    reaction = bodies.text("wamid.2") | {"type": "reaction", "reaction": {"emoji": "👍"}}
    deliver(connection, bodies.body([reaction]))
    drain_all(connection)
    assert Conversation.objects.get().state == "resolved"
    deliver(connection, bodies.body([bodies.text("wamid.3")]))
    drain_all(connection)
    assert Conversation.objects.get().state == "open"
    assert Episode.objects.filter(resolved_at__isnull=True).count() == 1


# --- statuses -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_status_of_an_unknown_message_is_parked(connection: Connection, channel: Channel) -> None:
    channel.external_id = bodies.NUMBER_ID
    channel.save(update_fields=["external_id"])
    deliver(connection, bodies.body(statuses=[bodies.status("wamid.unknown", "delivered")]))
    drain_all(connection)
    assert Receipt.objects.get().message is None
    line = InboundItem.objects.get()
    assert (line.outcome, line.kind, line.reason) == ("applied", "status", "parked")
    assert sweep_parked() == 0


@pytest.mark.django_db
def test_the_sweep_binds_what_was_parked_in_the_same_instant(
    connection: Connection, channel: Channel
) -> None:
    channel.external_id = bodies.NUMBER_ID
    channel.save(update_fields=["external_id"])
    failed = bodies.status("wamid.1", "failed", errors=[{"code": 131026, "title": "Undeliverable"}])
    deliver(connection, bodies.body(statuses=[failed, bodies.status("wamid.1", "sent")]))
    drain_all(connection)
    message = factories.MessageFactory(
        conversation__channel=channel, direction="out", status="accepted", provider_id="wamid.1"
    )
    assert sweep_parked() == 1
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "131026")
    assert message.changed_seq > message.seq
    assert set(Receipt.objects.values_list("message", flat=True)) == {message.pk}
    assert sweep_parked() == 0


# --- numbers not seen before --------------------------------------------------------------------


@pytest.mark.django_db
def test_a_number_not_seen_before_becomes_a_channel(connection: Connection) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")], number_id="999000111"))
    drain_all(connection)
    channel = Channel.objects.get()
    assert (channel.external_id, channel.connection) == ("999000111", connection)
    assert channel.organization == connection.organization
    assert Message.objects.get().channel == channel


@pytest.mark.django_db
def test_a_number_not_seen_before_is_ignored_where_that_is_off(connection: Connection) -> None:
    connection.adds_channels = False
    connection.save(update_fields=["adds_channels"])
    statuses = [bodies.status("wamid.2", "sent")]
    deliver(connection, bodies.body([bodies.text("wamid.1")], statuses=statuses))
    drain_all(connection)
    assert not Channel.objects.exists()
    lines = InboundItem.objects.order_by("position").values_list("kind", "key", "outcome")
    assert list(lines) == [("text", "wamid.1", "ignored"), ("status", "wamid.2", "ignored")]
    assert all("not a channel" in line.reason for line in InboundItem.objects.all())


@pytest.mark.parametrize(
    "body",
    [
        b'{"entry": [{"changes": [{"field": "%s", "value": "x"}]}]}' % (b"f" * 200),
        b'{"entry": [{"changes": [{"field": "messages", "value": {"messages": {"id": "x"}}}]}]}',
        b'{"entry": [{"changes": {"field": "messages"}}]}',
        b'{"entry": {"changes": []}}',
        b'{"entry": ["x"]}',
        b"[]",
        b"\xff\xfe",
    ],
)
@pytest.mark.django_db
def test_what_has_the_wrong_shape_is_told_and_harms_nobody(connection, payloads, body):
    InboundEvent.objects.create(connection=connection, body=body)
    good = (payloads / "cloud" / "message_text.json").read_bytes()
    InboundEvent.objects.create(connection=connection, body=good)
    drain_all(connection)
    assert set(InboundItem.objects.values_list("outcome", flat=True)) == {"dead", "applied"}
    assert DeadLetter.objects.count() == 1
    InboundEvent.objects.create(connection=connection, body=body)
    drain_all(connection)
    assert InboundItem.objects.latest("pk").outcome == "duplicate"
    assert DeadLetter.objects.count() == 1
