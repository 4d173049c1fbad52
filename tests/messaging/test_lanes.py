"""One drain at a time works on a connection, even where two would meet in the middle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from messaging import drain
from messaging.apply import bury
from messaging.ledger import balance
from messaging.models import Connection, DeadLetter, InboundEvent, Message
from messaging.sql import execute
from tests import factories
from tests.messaging import bodies, poison
from tests.messaging.conftest import at_once, deliver

# Far longer than the other one needs, if nothing holds it back.
MEETING_SECONDS = 1.0
DELIVERIES = 20
LANES_HELD = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s"

pytestmark = pytest.mark.django_db(transaction=True)


def meets(call: Callable[..., Any]) -> Callable[..., Any]:
    """`call`, before which two threads wait for each other: at most once, and not for long."""
    barrier = Barrier(2)

    def met(*args: Any) -> Any:
        with suppress(BrokenBarrierError):
            barrier.wait(MEETING_SECONDS)
        return call(*args)

    return met


@pytest.fixture
def waiting(connection: Connection) -> list[str]:
    """Deliveries of one customer, in the order in which they were written."""
    wamids = [f"wamid.{number:02}" for number in range(DELIVERIES)]
    deliver(connection, *(bodies.body([bodies.text(wamid)]) for wamid in wamids))
    return wamids


def test_a_delivery_is_worked_on_by_one_drain_alone(
    connection: Connection, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[int] = []
    monkeypatch.setattr(drain, "decode", meets(drain.decode))

    at_once(*[lambda: finished.append(drain.drain_batch(connection))] * 2)

    assert sorted(finished) == [0, DELIVERIES]
    assert list(Message.objects.order_by("seq").values_list("provider_id", flat=True)) == waiting
    assert balance().balanced


def test_what_comes_meanwhile_waits_for_its_turn(
    connection: Connection, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drain that is slow has the older ones; nobody may overtake it with the newer."""
    claimed: list[int] = []
    honest = meets(drain.decode)

    def decode(owner: Connection, events: list[drain.Event]) -> Any:
        claimed.extend(event.id for event in events)
        return honest(owner, events)

    monkeypatch.setattr(drain, "BATCH_EVENTS", DELIVERIES // 2)
    monkeypatch.setattr(drain, "decode", decode)

    at_once(*[partial(drain.drain_batch, connection)] * 2)

    assert claimed == list(InboundEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert list(Message.objects.order_by("seq").values_list("provider_id", flat=True)) == waiting


def test_a_poison_item_is_buried_by_one_drain_alone(
    connection: Connection, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(connection, bodies.body([bodies.text("wamid.poison", body=poison.POISON)]))
    monkeypatch.setattr(drain, "bury", meets(bury))

    with poison.poisonous(monkeypatch):
        at_once(*[partial(drain.drain_batch, connection)] * 2)

    assert DeadLetter.objects.get().attempts == 1
    assert Message.objects.count() == DELIVERIES
    assert balance().balanced


def test_a_lane_holds_up_nobody_else(
    connection: Connection, waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = factories.ConnectionFactory(organization=connection.organization, slug="other")
    deliver(other, bodies.body([bodies.text("wamid.other", sender="351910000043")]))
    held: list[int] = []
    barrier = Barrier(2)
    honest = drain.decode

    def decode(owner: Connection, events: list[drain.Event]) -> Any:
        barrier.wait(30)
        held.append(execute(LANES_HELD, [drain.LANE_CLASS])[0][0])
        barrier.wait(30)
        return honest(owner, events)

    monkeypatch.setattr(drain, "decode", decode)
    at_once(partial(drain.drain_batch, connection), partial(drain.drain_batch, other))

    assert held == [2, 2]
    assert execute(LANES_HELD, [drain.LANE_CLASS])[0][0] == 0
