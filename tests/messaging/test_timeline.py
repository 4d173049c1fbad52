"""The numbers readers follow: nothing ever appears behind one (PROP-6, invariant I4)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event

import pytest
from django.db import transaction

from messaging import drain, timeline
from messaging.models import Connection, Conversation, Message, OrganizationCounter
from messaging.outgoing import Draft, SendResult, compose, record_results
from messaging.sql import execute
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all

WRITES = 30


def reply(conversation: Conversation, text: str) -> Message:
    """An agent's message, as a use case writes it."""
    with transaction.atomic():
        locked = timeline.lock([conversation.pk])[conversation.pk]
        message = compose(locked, Draft(kind="text", text=text))
        timeline.publish([locked])
    return message


def reply_and_send(conversations: list[Conversation], name: str) -> None:
    """Many messages, each of which changes once more when its answer comes."""
    for number in range(WRITES):
        message = reply(conversations[number % len(conversations)], f"{name} {number}")
        with transaction.atomic():
            result = SendResult(
                message_id=message.pk, status="accepted", provider_id=f"wamid.{name}.{number}"
            )
            record_results([result])


class Reader:
    """Pulls what changed since its last number until `done`, and once more."""

    def __init__(self, pull: Callable[[int], list[tuple[int, int]]]) -> None:
        self.done = Event()
        self.seen: dict[int, int] = {}
        self._pull = pull

    def __call__(self) -> None:
        after = 0
        is_last = False
        while not is_last:
            is_last = self.done.is_set()
            for pk, number in self._pull(after):
                assert number > after
                self.seen[pk] = after = number


def messages_of(conversation: Conversation, after: int) -> list[tuple[int, int]]:
    rows = Message.objects.filter(conversation=conversation, changed_seq__gt=after)
    return list(rows.order_by("changed_seq").values_list("pk", "changed_seq"))


def conversations_of(organization_id: int, after: int) -> list[tuple[int, int]]:
    rows = Conversation.objects.filter(organization_id=organization_id, changed_seq__gt=after)
    return list(rows.order_by("changed_seq").values_list("pk", "changed_seq"))


def run_beside(readers: list[Reader], *writers: Callable[[], object]) -> None:
    """Readers follow until every writer is through."""
    left = list(writers)

    def work(writer: Callable[[], object]) -> None:
        try:
            writer()
        finally:
            left.pop()
            if not left:
                for reader in readers:
                    reader.done.set()

    at_once(*readers, *(partial(work, writer) for writer in writers))


@pytest.fixture
def customers(connection: Connection) -> list[Conversation]:
    """Three conversations that have begun."""
    channel = factories.ChannelFactory(connection=connection, external_id=bodies.NUMBER_ID)
    return [
        factories.ConversationFactory(
            channel=channel,
            contact=factories.ContactIdentityFactory(
                contact__organization=connection.organization, value=sender
            ).contact,
        )
        for sender in ("351910000001", "351910000002", "351910000003")
    ]


def incoming(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deliveries that wait, for all three customers, in small batches."""
    monkeypatch.setattr(drain, "BATCH_EVENTS", 3)
    for number in range(WRITES):
        sender = f"35191000000{number % 3 + 1}"
        statuses = [bodies.status(f"wamid.a.{number}", "delivered")]
        text = bodies.text(f"wamid.in.{number}", sender=sender)
        deliver(connection, bodies.body([text], statuses=statuses))


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_a_conversation_misses_nothing(
    connection: Connection, customers: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    incoming(connection, monkeypatch)
    readers = [Reader(partial(messages_of, each)) for each in customers]
    writers = [partial(reply_and_send, customers, name) for name in ("a", "b")]
    run_beside(readers, *writers, partial(drain_all, connection))
    for each, reader in zip(customers, readers, strict=True):
        rows = Message.objects.filter(conversation=each).values_list("pk", "changed_seq")
        assert reader.seen == dict(rows)
        numbers = [number for _, number in rows]
        assert len(set(numbers)) == len(numbers)
        each.refresh_from_db()
        assert each.head_seq == max(numbers)
    assert Message.objects.count() == 3 * WRITES


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_an_organization_misses_nothing(connection: Connection) -> None:
    # Every conversation changes once: a later change would show the reader what it had missed.
    channel = factories.ChannelFactory(connection=connection)
    many = factories.ConversationFactory.create_batch(4 * WRITES, channel=channel)
    reader = Reader(partial(conversations_of, connection.organization_id))
    run_beside([reader], *(partial(touch_each, many[start::4]) for start in range(4)))
    rows = dict(Conversation.objects.values_list("pk", "changed_seq"))
    assert reader.seen == rows
    counter = OrganizationCounter.objects.get(organization=connection.organization_id)
    assert sorted(rows.values()) == list(range(1, counter.head_seq + 1))


def touch_each(conversations: list[Conversation]) -> None:
    """Change one after the other, in commits some of which take longer than their neighbours'."""
    for place, each in enumerate(conversations):
        with transaction.atomic():
            timeline.publish(timeline.lock([each.pk]).values())
            execute("SELECT pg_sleep(%s)", [0.002 * (place % 3)])


@pytest.mark.django_db
def test_numbers_of_a_publish_follow_each_other(customers: list[Conversation]) -> None:
    with transaction.atomic():
        locked = timeline.lock([each.pk for each in customers])
        for each in locked.values():
            timeline.take_number(each)
        timeline.publish(locked.values())
    assert sorted(each.changed_seq for each in locked.values()) == [1, 2, 3]
    assert set(Conversation.objects.values_list("head_seq", flat=True)) == {1}
