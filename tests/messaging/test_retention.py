"""Raw bodies go after their time; what was made of them, and what makes a repeat one, stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging import retention
from messaging.ledger import balance
from messaging.models import Connection, DeadLetter, InboundEvent, InboundItem, Message
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all

pytestmark = pytest.mark.django_db


def pruned() -> list[bool]:
    rows = InboundEvent.objects.order_by("pk")
    return [event.pruned_at is not None for event in rows]


def deliver_days_ago(connection: Connection, days: float, *contents: bytes) -> None:
    deliver(connection, *contents, at=timezone.now() - timedelta(days=days))


@pytest.fixture(autouse=True)
def _ninety_days(settings: Any) -> None:
    settings.BODY_RETENTION_DAYS = 90


def test_old_bodies_go_and_young_ones_stay(connection: Connection) -> None:
    for days in (91, 89):
        deliver_days_ago(connection, days, bodies.body([bodies.text(f"wamid.{days}")]))
    InboundEvent.objects.update(headers={"x-hub-signature-256": "sha256=1"})
    drain_all(connection)
    lines = list(InboundItem.objects.values())
    assert retention.prune_bodies() == 1
    old, young = InboundEvent.objects.order_by("pk")
    assert (bytes(old.body), old.headers) == (b"", {})
    assert (bool(young.body), bool(young.headers)) == (True, True)
    assert list(InboundItem.objects.values()) == lines
    assert balance().balanced
    assert retention.prune_bodies() == 0


def test_what_comes_again_after_its_body_is_gone_is_a_duplicate(connection: Connection) -> None:
    """DUP-1: after retention clean-up."""
    content = bodies.body([bodies.text("wamid.1")], statuses=[bodies.status("wamid.9", "sent")])
    deliver_days_ago(connection, 100, content)
    drain_all(connection)
    assert retention.prune_bodies() == 1
    deliver(connection, content)
    drain_all(connection)
    outcomes = InboundItem.objects.order_by("event", "position").values_list("outcome", flat=True)
    assert list(outcomes) == ["applied", "applied", "duplicate", "duplicate"]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "stays"),
    [("failed", True), ("retrying", True), ("resolved", False), ("discarded", False)],
)
def test_what_a_person_still_has_to_see_stays(
    connection: Connection, state: str, stays: bool
) -> None:
    deliver_days_ago(connection, 100, b"<html>", bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    DeadLetter.objects.update(state=state)
    retention.prune_bodies()
    assert pruned() == [not stays, True]


def test_a_delivery_that_is_not_finished_stays(connection: Connection) -> None:
    deliver_days_ago(connection, 100, bodies.body([bodies.text("wamid.1")]))
    assert retention.prune_bodies() == 0
    drain_all(connection)
    assert Message.objects.count() == 1


def test_zero_days_keep_for_ever(connection: Connection, settings: Any) -> None:
    settings.BODY_RETENTION_DAYS = 0
    deliver_days_ago(connection, 10_000, bodies.body([bodies.text("wamid.1")]))
    drain_all(connection)
    assert retention.prune_bodies() == 0
    assert pruned() == [False]


def test_batches_go_on_where_the_last_one_ended(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    deliver_days_ago(
        connection, 100, *(bodies.body([bodies.text(f"wamid.{number}")]) for number in range(8))
    )
    drain_all(connection)
    assert retention.prune_bodies() == 8
