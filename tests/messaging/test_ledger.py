"""The sums close per channel and hour, whatever is delivered, retried and replayed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging import dead_letters, ledger, replay, retention
from messaging.models import (
    Amendment,
    Channel,
    Connection,
    DeadLetter,
    InboundEvent,
    InboundItem,
    Message,
)
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.poison import POISON, breaks, decoding_with, make_due, poisonous
from tests.messaging.test_replay import one_notice, unsupported

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 5, 4, 10, tzinfo=UTC)


def two_numbers(connection: Connection) -> None:
    """At ten one message to each of two numbers, at eleven another one, and one that waits."""
    first, second = bodies.text("wamid.1"), bodies.text("wamid.2")
    deliver(connection, bodies.body([first], number_id="1001"), at=TEN)
    deliver(connection, bodies.body([second], number_id="1002"), at=TEN + timedelta(minutes=59))
    deliver(connection, bodies.body([second], number_id="1002"), at=TEN + timedelta(hours=1))
    drain_all(connection)
    deliver(connection, bodies.body([bodies.text("wamid.3")]), at=TEN + timedelta(hours=1))


def sums(row: ledger.Balance) -> tuple[int, int, int, int, int]:
    assert row.balanced
    return (row.received, row.in_flight, row.items, row.applied, row.duplicate)


def test_rows_by_number_and_hour_close(connection: Connection) -> None:
    two_numbers(connection)
    one, two = Channel.objects.order_by("external_id").values_list("pk", flat=True)
    rows = ledger.rows(by_hour=True)
    assert {(row.hour.hour, row.channel): sums(row.sums) for row in rows} == {
        (10, one): (1, 0, 1, 1, 0),
        (10, two): (1, 0, 1, 1, 0),
        (11, two): (1, 0, 1, 0, 1),
        (11, None): (1, 1, 0, 0, 0),
    }
    by_channel = {row.channel: sums(row.sums) for row in ledger.rows(by_hour=False)}
    assert by_channel == {
        one: (1, 0, 1, 1, 0),
        two: (2, 0, 2, 1, 1),
        None: (1, 1, 0, 0, 0),
    }


def test_sums_of_a_channel_and_of_a_time(connection: Connection) -> None:
    two_numbers(connection)
    two = Channel.objects.get(external_id="1002")
    assert sums(ledger.balance()) == (4, 1, 3, 2, 1)
    assert sums(ledger.balance(since=TEN + timedelta(hours=1))) == (2, 1, 1, 0, 1)
    assert sums(ledger.balance(channel_ids=[two.pk])) == (2, 0, 2, 1, 1)
    later = ledger.balance(channel_ids=[two.pk], since=TEN + timedelta(hours=1))
    assert sums(later) == (1, 0, 1, 0, 1)


def test_a_finished_delivery_without_a_line_is_seen(connection: Connection) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    day = timezone.now() - timedelta(days=1)
    assert ledger.gaps(since=day) == []
    InboundItem.objects.all().delete()
    assert not ledger.balance().balanced
    assert not ledger.rows(by_hour=True)[0].sums.balanced
    [gap] = ledger.gaps(since=day)
    assert (gap.organization_id, gap.lineless) == (connection.organization_id, 1)
    replay.replay(replay.Selection())
    assert ledger.gaps(since=day) == []
    assert ledger.balance().balanced


# --- traces -------------------------------------------------------------------------------------


def test_what_was_done_to_a_message_later_is_in_its_story(connection: Connection) -> None:
    reaction = bodies.text("wamid.2") | {
        "type": "reaction",
        "reaction": {"message_id": "wamid.1", "emoji": "👍"},
    }
    early = reaction | {"id": "wamid.0"}
    for message in (early, bodies.text("wamid.1"), reaction):
        deliver(connection, bodies.body([message]))
        drain_all(connection)
    organization = connection.organization
    story = ledger.trace(organization, "wamid.1")
    assert [item.key for item in story.items] == ["wamid.0", "wamid.1", "wamid.2"]
    assert [item.key for item in ledger.trace(organization, "wamid.2").items] == ["wamid.2"]
    Message.objects.all().delete()
    Amendment.objects.update(message=None)
    parked = bodies.text("wamid.4") | {
        "type": "reaction",
        "reaction": {"message_id": "wamid.never", "emoji": "👍"},
    }
    deliver(connection, bodies.body([parked]))
    drain_all(connection)
    [item] = ledger.trace(organization, "wamid.never").items
    assert (item.key, item.reason) == ("wamid.4", "parked")


def test_dead_letters_are_in_the_story(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with poisonous(monkeypatch):
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
    story = ledger.trace(connection.organization, "wamid.1")
    assert list(story.dead_letters) == list(DeadLetter.objects.all())
    other = ledger.trace(factories.OrganizationFactory(), "wamid.1")
    assert not other.items.exists()
    assert not other.dead_letters.exists()


# --- any history --------------------------------------------------------------------------------

CONTENTS = [
    bodies.body([bodies.text("wamid.1"), bodies.text("wamid.2", body=POISON)]),
    bodies.body([bodies.text("wamid.3")], statuses=[bodies.status("wamid.1", "read")]),
    bodies.body([bodies.text("wamid.4", body=POISON)], number_id="1002"),
    b"<html>",
    b"{}",
    b'{"entry": ["x"]}',
]
STEPS = {
    "drain": drain_all,
    "replay": lambda _: replay.replay(replay.Selection()),
    "rehearse": lambda _: replay.replay(replay.Selection(), is_dry_run=True),
    "retry": lambda _: dead_letters.retry_due(),
    "redrive": lambda _: dead_letters.retry(DeadLetter.objects.values_list("pk", flat=True)),
    "discard": lambda _: dead_letters.discard(
        DeadLetter.objects.order_by("pk").values_list("pk", flat=True)[:1], by=None
    ),
    "prune": lambda _: retention.prune_bodies(),
}
WORLDS = ["well", "poisonous", "broken", "ignorant", "newsy"]
deliveries = st.tuples(st.just("deliver"), st.sampled_from(range(len(CONTENTS))))
steps = st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(WORLDS))


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(history=[("drain", "well"), ("replay", "broken")])
@example(history=[("drain", "well"), ("replay", "newsy")])
@given(history=st.lists(deliveries | steps, max_size=10))
def test_any_history_leaves_the_sums_closed(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, history: list[Any]
) -> None:
    with transaction.atomic():
        for name, detail in [("deliver", 0), *history, ("drain", "well"), ("replay", "well")]:
            _step(connection, monkeypatch, name, detail)
            assert ledger.balance().balanced, (name, detail)
            assert all(row.sums.balanced for row in ledger.rows(by_hour=True))
        assert ledger.balance().in_flight == 0
        kept = set(Message.objects.values_list("provider_id", flat=True))
        told = set(InboundItem.objects.values_list("key", flat=True))
        assert {"wamid.1", "wamid.2"} <= kept & told or InboundEvent.objects.exclude(
            pruned_at=None
        ).exists()
        dead = InboundItem.objects.filter(outcome="dead").count()
        assert DeadLetter.objects.exclude(state="resolved").count() == dead
        transaction.set_rollback(True)


def _step(connection: Connection, monkeypatch: pytest.MonkeyPatch, name: str, detail: Any) -> None:
    if name == "deliver":
        deliver(connection, CONTENTS[detail], at=timezone.now() - timedelta(days=200))
        return
    make_due()
    decoders = {"broken": breaks, "ignorant": unsupported, "newsy": one_notice}
    if detail == "poisonous":
        with poisonous(monkeypatch):
            STEPS[name](connection)
    elif detail in decoders:
        with decoding_with(monkeypatch, decoders[detail]):
            STEPS[name](connection)
    else:
        STEPS[name](connection)
