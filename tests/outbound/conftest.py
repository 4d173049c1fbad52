from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from messaging import hints, timeline
from messaging.models import Connection, Conversation, Message
from messaging.outgoing import Draft, compose
from outbound import outbox
from outbound.limits import rates
from outbound.models import Lane, OutboxEntry, SendAttempt
from tests.outbound.elsewhere import FakeProvider
from tests.outbound.graph import FakeGraph


@pytest.fixture(autouse=True)
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hints by task name instead of messages in a broker."""
    sent: list[str] = []

    def send_hint(name: str, *_: int, **__: str) -> bool:
        sent.append(name)
        return True

    monkeypatch.setattr(hints, "send_hint", send_hint)
    return sent


@pytest.fixture(autouse=True)
def known_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel nobody has sent through does not wait as if Redis had been emptied."""
    monkeypatch.setattr(rates, "FRESH_SECONDS", 0.0)


@pytest.fixture(scope="session")
def graph_server() -> FakeGraph:
    return FakeGraph()


@pytest.fixture
def graph(graph_server: FakeGraph) -> FakeGraph:
    graph_server.reset()
    return graph_server


@pytest.fixture
def ready(graph: FakeGraph, connection: Connection, conversation: Conversation) -> Conversation:
    """Carla's conversation, its window open and its connection at the fake Graph."""
    Connection.objects.filter(pk=connection.pk).update(base_url=graph.url)
    open_window(conversation)
    return conversation


def open_window(conversation: Conversation, hours: float = 20) -> None:
    conversation.window_expires_at = timezone.now() + timedelta(hours=hours)
    conversation.save(update_fields=["window_expires_at"])


def write(conversation: Conversation, text: str, **enqueue: Any) -> Message:
    """An agent's text, enqueued as the reply use case does it."""
    with transaction.atomic():
        locked = timeline.lock([conversation.pk])[conversation.pk]
        message = compose(locked, Draft(kind="text", text=text))
        outbox.enqueue(message, **enqueue)
        timeline.publish([locked])
    return message


def abandon_claims() -> None:
    """As if every claim's owner had died 90 seconds ago."""
    long_ago = Now() - timedelta(seconds=1)
    Lane.objects.filter(claimed_until__isnull=False).update(claimed_until=long_ago, due_at=long_ago)


def age_dispatch(seconds: float = 61) -> None:
    """As if attempts had been dispatched, and their holds begun, so long ago."""
    past = Now() - timedelta(seconds=seconds)
    SendAttempt.objects.filter(dispatched_at__isnull=False).update(dispatched_at=past)
    OutboxEntry.objects.filter(state="confirming").update(due_at=Now())
    Lane.objects.filter(due_at__isnull=False).update(due_at=Now())


def make_due() -> None:
    """As if every wait were over."""
    OutboxEntry.objects.filter(finished_at__isnull=True).update(due_at=Now())
    Lane.objects.filter(due_at__isnull=False).update(due_at=Now(), pair_at=None)


def entry_of(message: Message) -> OutboxEntry:
    return OutboxEntry.objects.get(message=message)


def states(message: Message) -> list[str]:
    """The states of a message's attempts, in order."""
    attempts = SendAttempt.objects.filter(entry__message=message).order_by("pk")
    return list(attempts.values_list("state", flat=True))


@contextmanager
def in_thread(work: Callable[[], object]) -> Iterator[None]:
    """Run `work` beside the block, on a connection of its own; its error is ours."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(30)
    assert not thread.is_alive()
    if failures:
        raise failures[0]


@pytest.fixture(scope="session")
def elsewhere_server() -> FakeProvider:
    return FakeProvider()


@pytest.fixture
def elsewhere(elsewhere_server: FakeProvider) -> FakeProvider:
    """A Twilio and a WAHA."""
    elsewhere_server.reset()
    return elsewhere_server
