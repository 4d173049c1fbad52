from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from messaging.models import Conversation
from outbound.dispatch import dispatch_due
from outbound.metrics import queue_figures
from outbound.models import Lane, OutboxEntry, Urgency
from tests.outbound.conftest import entry_of, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_entry_and_its_lane_are_due_at_once(ready: Conversation, hinted: list[str]) -> None:
    entry = entry_of(write(ready, "Good morning"))
    assert (entry.state, entry.conversation_id) == ("waiting", ready.pk)
    assert Lane.objects.due().get().conversation_id == ready.pk
    assert hinted == ["outbound.tasks.dispatch_due_entries"]


def test_an_entry_goes_with_its_transaction(ready: Conversation, hinted: list[str]) -> None:
    with transaction.atomic():
        write(ready, "Good morning")
        transaction.set_rollback(True)
    assert not OutboxEntry.objects.exists()
    assert not Lane.objects.exists()
    assert hinted == []


def test_a_later_entry_waits_for_its_time(
    ready: Conversation, graph: FakeGraph, hinted: list[str]
) -> None:
    due_at = timezone.now() + timedelta(hours=1)
    write(ready, "Good evening", due_at=due_at)
    assert dispatch_due(limit_seconds=5) == 0
    assert Lane.objects.get().due_at == due_at
    assert hinted == []
    write(ready, "Good morning")
    assert dispatch_due(limit_seconds=5) == 1
    assert graph.accepted == ["Good morning"]
    assert Lane.objects.get().due_at == due_at


def test_live_passes_bulk_and_never_live(ready: Conversation, graph: FakeGraph) -> None:
    for text, urgency in [
        ("bulk 1", Urgency.BULK),
        ("bulk 2", Urgency.BULK),
        ("live 1", Urgency.LIVE),
        ("live 2", Urgency.LIVE),
    ]:
        write(ready, text, urgency=urgency)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["live 1", "live 2", "bulk 1", "bulk 2"]


def test_a_claimed_lane_is_left_to_its_owner(ready: Conversation) -> None:
    write(ready, "one")
    claimed_until = Now() + timedelta(seconds=90)
    Lane.objects.update(claimed_until=claimed_until, due_at=claimed_until)
    write(ready, "two")
    assert Lane.objects.filter(due_at=F("claimed_until")).exists()


def test_the_queue_is_as_deep_as_what_has_not_left(ready: Conversation) -> None:
    assert queue_figures() == {"depth": 0, "due": 0, "confirming": 0, "oldest_seconds": 0}
    write(ready, "one")
    write(ready, "two")
    OutboxEntry.objects.update(ready_at=Now() - timedelta(seconds=90))
    figures = queue_figures()
    assert (figures["depth"], figures["due"]) == (2, 2)
    assert 90 <= figures["oldest_seconds"] < 100
    dispatch_due(limit_seconds=0)
    assert queue_figures()["depth"] == 2
