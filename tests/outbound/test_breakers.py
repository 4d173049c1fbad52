"""Breakers: what opens them, what they hold back, and how they close."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.probing import Verdict
from messaging.secrets import ConnectionSecrets
from outbound.breakers import board, closing, overriding, probing
from outbound.dispatch import dispatch_due
from outbound.models import Breaker, OutboxEntry, SendAttempt
from tests.factories import (
    ChannelFactory,
    ConnectionFactory,
    ContactIdentityFactory,
    ConversationFactory,
)
from tests.outbound import graph as fake
from tests.outbound.conftest import in_thread, make_due, open_window, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _three(settings: Any) -> None:
    settings.BREAKER_FAILURES = 3


def lane_of(conversation: Conversation) -> Conversation:
    """Another customer of the same number."""
    other = ConversationFactory(channel=conversation.channel)
    ContactIdentityFactory(contact=other.contact)
    open_window(other)
    return other


def send_one_by_one(conversation: Conversation, count: int) -> None:
    for number in range(count):
        write(lane_of(conversation), f"{number}")
        dispatch_due(limit_seconds=5)
        board.forget()


def reachable(base_url: str, conversation: Conversation) -> None:
    connection = conversation.channel.connection
    type(connection).objects.filter(pk=connection.pk).update(base_url=base_url)


def test_a_number_that_does_not_answer_is_held_back_without_spending_attempts(
    ready: Conversation, graph: FakeGraph
) -> None:
    graph.default = fake.plain(502, "proxy")
    send_one_by_one(ready, 5)
    assert len(graph.asked) == 3
    breaker = Breaker.objects.get()
    assert (breaker.scope, breaker.state) == (f"channel:{ready.channel_id}", "open")
    waiting = OutboxEntry.objects.filter(state="throttled")
    assert list(waiting.values_list("attempt_count", flat=True)) == [0, 0]
    assert set(waiting.values_list("waits_for", flat=True)) == {"number_down"}
    assert SendAttempt.objects.count() == 3


def test_a_host_that_is_down_opens_its_own_breaker(ready: Conversation) -> None:
    reachable(NOWHERE, ready)
    send_one_by_one(ready, 4)
    assert Breaker.objects.get(state="open").scope == "host:127.0.0.1:9"
    assert SendAttempt.objects.filter(dispatched_at__isnull=False).count() == 3


def test_answers_make_up_for_failures(ready: Conversation, graph: FakeGraph) -> None:
    for number in range(12):
        graph.next.append(fake.plain(502) if number % 2 else fake.accept)
    send_one_by_one(ready, 12)
    assert len(graph.asked) == 12
    assert not overriding.holding().exists()


def test_refused_messages_are_answers_and_open_nothing(
    ready: Conversation, graph: FakeGraph
) -> None:
    graph.default = fake.refuse(131026)
    send_one_by_one(ready, 6)
    assert len(graph.asked) == 6
    assert not Breaker.objects.exists()


def test_a_bad_token_stops_its_connection_at_once_and_no_other(
    ready: Conversation, graph: FakeGraph
) -> None:
    connection = ConnectionFactory(organization=ready.organization, base_url=graph.url)
    channel = ChannelFactory(connection=connection)
    other = ConversationFactory(channel=channel)
    ContactIdentityFactory(contact=other.contact)
    open_window(other)
    graph.next.append(fake.refuse(190, status=401))
    send_one_by_one(ready, 3)
    assert len(graph.asked) == 1
    write(other, "unharmed")
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["unharmed"]
    assert Breaker.objects.get(state="open").connection == ready.channel.connection


def test_a_probe_closes_it_and_what_waited_leaves(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.next.append(fake.refuse(190, status=401))
    send_one_by_one(ready, 4)
    answers = iter([Verdict(False, "no", 401), Verdict(True, "yes", 200)])
    monkeypatch.setattr(probing, "probe", lambda *_: next(answers))
    assert probing.probe_due() == 0
    Breaker.objects.update(retry_at=Now())
    assert probing.probe_due() == 1
    assert Breaker.objects.get().state == "open"
    Breaker.objects.update(retry_at=Now())
    assert probing.probe_due() == 1
    assert Breaker.objects.get().state == "closed"
    soon = timezone.now() + timedelta(seconds=1)
    assert OutboxEntry.objects.filter(state="throttled", due_at__lte=soon).count() >= 3
    make_due()
    dispatch_due(limit_seconds=5)
    assert sorted(graph.accepted) == ["0", "1", "2", "3"]


def test_one_process_probes(ready: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    Breaker.objects.create(
        scope=f"channel:{ready.channel_id}", channel=ready.channel, state="open", retry_at=Now()
    )
    asked: list[int] = []

    def probe(*_: object) -> Verdict:
        asked.append(1)
        return Verdict(False, "no", None)

    monkeypatch.setattr(probing, "probe", probe)
    with in_thread(probing.probe_due), in_thread(probing.probe_due):
        probing.probe_due()
    assert len(asked) == 1


def test_new_secrets_are_tried_at_once(
    ready: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = ready.channel.connection
    Breaker.objects.create(
        scope=f"connection:{connection.pk}", connection=connection, state="open",
        retry_at=Now() + timedelta(hours=1),
    )  # fmt: skip
    monkeypatch.setattr(probing, "probe", lambda each, *_: Verdict(
        each.secrets.access_token == "new", "", 200))  # fmt: skip
    connection.secrets = ConnectionSecrets(access_token="new")
    connection.save()
    assert probing.probe_connection(connection.pk) == 1
    assert Breaker.objects.get().state == "closed"


def test_a_persons_word_wins(ready: Conversation, graph: FakeGraph) -> None:
    breaker = overriding.breaker_of(ready.channel)
    overriding.override(breaker, "open", by=None)
    send_one_by_one(ready, 1)
    assert graph.asked == []
    assert OutboxEntry.objects.get().waits_for == "paused"
    assert not SendAttempt.objects.exists()
    Breaker.objects.update(state="open")
    overriding.override(breaker, "closed", by=None)
    overriding.after_override("closed")
    dispatch_due(limit_seconds=5)
    make_due()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["0"]


def test_a_reply_behind_a_breaker_fails_with_words_at_its_deadline(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    Breaker.objects.create(scope=f"channel:{ready.channel_id}", channel=ready.channel, state="open")
    dispatch_due(limit_seconds=5)
    assert Message.objects.get().error_code == "number_down"
    OutboxEntry.objects.update(deadline_at=Now())
    make_due()
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "not_connected")
    assert graph.asked == []


def test_who_hears_of_a_closing_too_late_makes_nothing_wait_for_long(
    ready: Conversation, graph: FakeGraph
) -> None:
    breaker = overriding.breaker_of(ready.channel)
    overriding.override(breaker, "open", by=None)
    known = board.now()
    overriding.override(breaker, "", by=None)
    overriding.after_override("")
    board.forget()
    assert board.now() != known
    board._Board.rows = known  # as a process knows it that read a moment before
    write(ready, "meanwhile")
    dispatch_due(limit_seconds=5)
    assert OutboxEntry.objects.filter(due_at__gt=timezone.now() + timedelta(minutes=1)).exists()
    board.forget()
    assert closing.sweep() == 1
    assert not OutboxEntry.objects.filter(due_at__gt=timezone.now() + timedelta(seconds=1)).exists()
    make_due()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["meanwhile"]
    Breaker.objects.update(closed_at=Now() - timedelta(minutes=1))
    assert closing.sweep() == 0
