"""Stored deliveries through today's code give the same rows, and what the code of then missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest
from django.utils import timezone

from messaging import drain, replay
from messaging.events import ConversationsChanged, MessagesReceived, announced
from messaging.items import InboundMessage, Item, MediaReference, Notice
from messaging.ledger import balance
from messaging.models import (
    Connection,
    Conversation,
    DeadLetter,
    InboundEvent,
    InboundItem,
    Media,
    Message,
    ProviderNotice,
)
from messaging.providers.cloud import decoding
from messaging.replay import Selection
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all
from tests.messaging.poison import POISON, breaks, decoding_with, poisonous
from tests.messaging.tables import dump
from tests.messaging.test_samples import BODIES

pytestmark = pytest.mark.django_db
Then = Callable[[Any], AbstractContextManager[None]]  # Any: a decoder
EVERYTHING = Selection()


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> Then:
    """The code of then: a decoder, or what it made of today's items."""
    return partial(decoding_with, monkeypatch)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """What was announced to screens and programs."""
    facts: list[Any] = []

    def hear(fact: Any, **_: Any) -> None:
        facts.append(fact)

    for kind in (ConversationsChanged, MessagesReceived):
        announced.connect(hear, sender=kind)
    yield facts
    for kind in (ConversationsChanged, MessagesReceived):
        announced.disconnect(hear, sender=kind)


def unsupported(body: bytes, *, now: float) -> list[Item]:
    """A decoder that knows no kind."""
    return [
        msgspec.structs.replace(item, kind="unsupported", text="", content={}, media=())
        if isinstance(item, InboundMessage)
        else item
        for item in decoding.decode(body, now=now)
    ]


def one_notice(body: bytes, *, now: float) -> list[Item]:
    """A decoder that keeps a delivery as news."""
    return [Notice(kind="history", payload={"size": len(body)})]


def lines() -> list[tuple[str, str, str]]:
    rows = InboundItem.objects.order_by("event_id", "position")
    return list(rows.values_list("kind", "key", "outcome"))


# --- nothing changes ----------------------------------------------------------------------------


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_what_todays_code_has_stored_stays_as_it_is(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, is_dry_run: bool
) -> None:
    contents = [path.read_bytes() for path in BODIES]
    deliver(connection, *contents, *contents[:20], b"<html>", b"{}", b'{"entry": ["x"]}')
    drain_all(connection)
    monkeypatch.setattr(replay, "BATCH_EVENTS", 7)
    before = dump()
    for _ in range(2):
        report = replay.replay(EVERYTHING, is_dry_run=is_dry_run)
        assert report.changes_nothing, report
    assert (report.deliveries, report.items) == (balance().received, balance().items)
    assert dump() == before


def test_an_item_that_is_dead_and_dies_again_stays_as_it_is(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with poisonous(monkeypatch):
        texts = [bodies.text("wamid.1", body=POISON), bodies.text("wamid.2")]
        deliver(connection, bodies.body(texts))
        drain_all(connection)
        before = dump()
        assert replay.replay(EVERYTHING).changes_nothing
    assert dump() == before


def test_a_few_statements_serve_a_batch(
    connection: Connection, django_assert_max_num_queries: Any
) -> None:
    deliver(connection, *(bodies.body([bodies.text(f"wamid.{n}")]) for n in range(300)))
    drain_all(connection)
    with django_assert_max_num_queries(30):
        assert replay.replay(EVERYTHING).deliveries == 300


def test_batches_are_cut_by_bytes_too(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = [bodies.body([bodies.text(f"wamid.{number}")]) for number in range(7)]
    deliver(connection, *contents)
    drain_all(connection)
    sizes: list[int] = []
    honest = drain.decode

    def counting(connection: Connection, events: list[drain.Event]) -> Any:
        sizes.append(len(events))
        return honest(connection, events)

    monkeypatch.setattr(replay, "decode", counting)
    monkeypatch.setattr(replay, "BATCH_BYTES", 2 * len(contents[0]) + 1)
    assert replay.replay(EVERYTHING).changes_nothing
    assert sizes == [3, 3, 1]


def test_what_a_customer_has_edited_is_compared_as_it_was(
    connection: Connection, then: Then
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1", body="first")]))
    drain_all(connection)
    Message.objects.update(
        text="second", edited_at=timezone.now(), original={"text": "first", "content": {}}
    )
    before = dump()
    assert replay.replay(EVERYTHING).changes_nothing
    assert dump() == before


def test_what_an_agent_sent_is_not_touched_by_its_echo(connection: Connection) -> None:
    channel = factories.ChannelFactory(connection=connection, external_id=bodies.NUMBER_ID)
    factories.MessageFactory(
        conversation__channel=channel,
        direction="out",
        author_type="agent",
        provider_id="wamid.1",
        text="what we wrote",
    )
    echo = bodies.text("wamid.1", sender="351210000001") | {"to": "351910000042"}
    deliver(connection, bodies.body(echoes=[echo], statuses=[bodies.status("wamid.1", "read")]))
    drain_all(connection)
    assert replay.replay(EVERYTHING).changes_nothing
    assert Message.objects.get().text == "what we wrote"


# --- today's code knows more --------------------------------------------------------------------


def test_a_kind_not_known_then_is_told_anew(connection: Connection, then: Then) -> None:
    with then(unsupported):
        deliver(connection, bodies.body([bodies.text("wamid.1", body="olá")]))
        drain_all(connection)
    message = Message.objects.get()
    assert (message.kind, message.text) == ("unsupported", "")
    report = replay.replay(EVERYTHING)
    assert [(each.message, each.fields) for each in report.changed] == [
        (message.pk, ("kind", "text"))
    ]
    changed = Message.objects.get()
    assert (changed.kind, changed.text, changed.seq) == ("text", "olá", message.seq)
    assert changed.changed_seq > message.changed_seq
    assert changed.changed_seq == Conversation.objects.get().head_seq
    assert lines() == [("text", "wamid.1", "applied")]
    assert replay.replay(EVERYTHING).changes_nothing


def test_files_not_known_then_are_fetched_now(connection: Connection, then: Then) -> None:
    def with_file(body: bytes, *, now: float) -> list[Item]:
        file = MediaReference(kind="image", provider_id="media-1")
        return [
            msgspec.structs.replace(item, kind="image", media=(file,))
            for item in decoding.decode(body, now=now)
        ]

    with then(unsupported):
        deliver(connection, bodies.body([bodies.text("wamid.1")]))
        drain_all(connection)
    with then(with_file):
        replay.replay(EVERYTHING)
        assert replay.replay(EVERYTHING).changes_nothing
    assert Media.objects.get().provider_id == "media-1"
    assert Media.objects.get().message == Message.objects.get()


def test_news_that_holds_four_messages_becomes_four_lines(
    connection: Connection, then: Then
) -> None:
    texts = [bodies.text(f"wamid.{number}") for number in range(4)]
    with then(one_notice):
        deliver(connection, bodies.body(texts))
        drain_all(connection)
    assert [line[0] for line in lines()] == ["notice"]
    report = replay.replay(EVERYTHING)
    assert lines() == [("text", f"wamid.{number}", "applied") for number in range(4)]
    assert [(line.before, line.after) for line in report.lines] == [
        ("applied", "applied"), (None, "applied"), (None, "applied"), (None, "applied"),
    ]  # fmt: skip
    assert (len(report.added), balance().balanced) == (4, True)
    assert ProviderNotice.objects.count() == 1
    assert replay.replay(EVERYTHING).changes_nothing


def test_lines_of_items_that_are_no_more_go(connection: Connection, then: Then) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1"), bodies.text("wamid.2")]))
    drain_all(connection)
    with then(one_notice):
        report = replay.replay(EVERYTHING)
        assert [line[0] for line in lines()] == ["notice"]
        assert (report.lines[-1].before, report.lines[-1].after) == ("applied", None)
        assert replay.replay(EVERYTHING).changes_nothing
    assert balance().balanced


def test_what_was_dead_and_passes_now_is_resolved(connection: Connection, then: Then) -> None:
    with then(breaks):
        deliver(connection, bodies.body([bodies.text("wamid.1")]))
        drain_all(connection)
    assert DeadLetter.objects.get().state == "failed"
    report = replay.replay(Selection(outcome="dead"))
    assert [(line.before, line.after) for line in report.lines] == [("dead", "applied")]
    assert DeadLetter.objects.get().state == "resolved"
    assert replay.replay(Selection(outcome="dead")).deliveries == 0


def test_what_was_ignored_is_applied_when_the_reason_is_gone(connection: Connection) -> None:
    Connection.objects.update(adds_channels=False)
    connection.refresh_from_db()
    deliver(connection, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    Connection.objects.update(adds_channels=True)
    assert replay.replay(Selection(reason="no such words")).deliveries == 0
    assert len(replay.replay(Selection(reason="is not a channel")).added) == 1
    assert lines() == [("text", "wamid.1", "applied")]


# --- a rehearsal --------------------------------------------------------------------------------


def test_a_dry_run_tells_the_same_and_changes_nothing(
    connection: Connection,
    then: Then,
    heard: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with then(unsupported):
        deliver(connection, bodies.body([bodies.text("wamid.1", body="olá")]))
        drain_all(connection)
    with then(one_notice):
        deliver(connection, bodies.body([bodies.text("wamid.2"), bodies.text("wamid.3")]))
        drain_all(connection)
    before = dump()
    with django_capture_on_commit_callbacks(execute=True):
        rehearsal = replay.replay(EVERYTHING, is_dry_run=True)
    assert (dump(), heard) == (before, [])
    with django_capture_on_commit_callbacks(execute=True):
        report = replay.replay(EVERYTHING)
    assert heard
    assert rehearsal.changed == report.changed
    assert rehearsal.lines == report.lines
    assert [each.provider_id for each in rehearsal.added] == ["wamid.2", "wamid.3"]
    assert "olá" not in str(report.as_dict())


# --- which ones ---------------------------------------------------------------------------------


def test_the_selection_narrows(connection: Connection) -> None:
    other: Connection = factories.ConnectionFactory(slug="other")
    now = timezone.now()
    for number, each in enumerate((connection, connection, other)):
        text = bodies.text(f"wamid.{number}")
        deliver(each, bodies.body([text]), at=now - timedelta(days=number))
        drain_all(each)
    first = InboundEvent.objects.earliest("pk").pk

    def count(**wanted: Any) -> int:
        return replay.replay(Selection(**wanted), is_dry_run=True).deliveries

    assert count() == 3
    assert count(event_ids=(first,)) == 1
    assert count(since=now - timedelta(hours=30)) == 2
    assert count(since=now - timedelta(hours=30), until=now - timedelta(hours=1)) == 1
    assert count(slug="other") == 1


def test_pruned_and_waiting_deliveries_are_left_alone(connection: Connection) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    InboundEvent.objects.update(body=b"", pruned_at=timezone.now())
    deliver(connection, bodies.body([bodies.text("wamid.2")]))
    before = dump()
    report = replay.replay(EVERYTHING)
    assert (report.pruned, report.deliveries) == (1, 0)
    assert dump() == before


@pytest.mark.django_db(transaction=True)
def test_replays_and_drains_at_once_apply_each_item_once(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, then: Then
) -> None:
    wamids = [f"wamid.{number:03}" for number in range(60)]
    with then(one_notice):
        deliver(connection, *(bodies.body([bodies.text(wamid)]) for wamid in wamids[:30]))
        drain_all(connection)
    deliver(connection, *(bodies.body([bodies.text(wamid)]) for wamid in wamids))
    monkeypatch.setattr(replay, "BATCH_EVENTS", 7)
    monkeypatch.setattr(drain, "BATCH_EVENTS", 7)
    again = partial(replay.replay, EVERYTHING)
    at_once(again, again, partial(drain_all, connection))
    again()
    assert Message.objects.count() == 60
    assert Conversation.objects.get().inbound_count == 60
    assert (balance().balanced, balance().in_flight, balance().items) == (True, 0, 90)
    assert again().changes_nothing


def test_a_decoder_that_reads_nothing_takes_no_line_away(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1"), bodies.text("wamid.2")]))
    drain_all(connection)
    before = lines()
    with decoding_with(monkeypatch, breaks):
        replay.replay(replay.Selection())
    assert lines() == before
