"""What customers are told of us reading and typing: by the channel's policy, and once."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from messaging.models import Channel, Connection, Conversation, Courtesy
from outbound import courtesies
from outbound.models import ReadNotice
from tests.factories import MessageFactory
from tests.outbound import graph as fake
from tests.outbound.conftest import in_thread
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)
NEVER, ON_OPEN, ON_REPLY = Courtesy.NEVER, Courtesy.ON_OPEN, Courtesy.ON_REPLY
READ, TYPING = "outbound.tasks.tell_read", "outbound.tasks.tell_typing"


@pytest.fixture
def talk(ready: Conversation, graph: FakeGraph) -> Conversation:
    """Carla has written, and the platform marks what it is asked to."""
    MessageFactory(conversation=ready, provider_id="wamid.first")
    graph.default = fake.plain(200, '{"success": true}')
    return ready


def policy(read: Courtesy, typing: Courtesy = NEVER) -> None:
    Channel.objects.update(read_receipts=read, typing_indicator=typing)


def marked(graph: FakeGraph) -> list[str]:
    return [str(asked.body["message_id"]) for asked in graph.asked]


def test_the_newest_message_is_marked_once(talk: Conversation, graph: FakeGraph) -> None:
    assert courtesies.tell_read(talk.pk)
    assert not courtesies.tell_read(talk.pk)
    MessageFactory(conversation=talk, provider_id="wamid.second")
    assert courtesies.tell_read(talk.pk)
    assert marked(graph) == ["wamid.first", "wamid.second"]
    assert graph.asked[0].body == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.first",
    }


def test_two_agents_who_open_at_once_tell_once(talk: Conversation, graph: FakeGraph) -> None:
    start = Barrier(2)

    def tell() -> None:
        start.wait(10)
        courtesies.tell_read(talk.pk)

    with in_thread(tell):
        tell()
    assert marked(graph) == ["wamid.first"]


@pytest.mark.parametrize(
    "answer", [fake.refuse(131009), fake.plain(503), fake.plain(200, '{"success": false}')]
)
def test_a_refusal_is_counted_and_told_with_the_next_occasion(
    talk: Conversation, graph: FakeGraph, answer: fake.Behaviour
) -> None:
    graph.next.append(answer)
    failed = courtesies.told_total.labels("read", "failed")
    before = failed._value.get()
    assert not courtesies.tell_read(talk.pk)
    assert failed._value.get() == before + 1
    assert courtesies.tell_read(talk.pk)
    assert len(graph.asked) == 2


def test_what_is_older_than_thirty_days_is_left_alone(
    ready: Conversation, graph: FakeGraph
) -> None:
    MessageFactory(conversation=ready, received_at=timezone.now() - timedelta(days=31))
    assert not courtesies.tell_read(ready.pk)
    assert graph.asked == []


def test_a_reaction_is_not_what_they_are_told_about(talk: Conversation, graph: FakeGraph) -> None:
    MessageFactory(conversation=talk, kind="reaction", provider_id="wamid.reaction")
    courtesies.tell_read(talk.pk)
    assert marked(graph) == ["wamid.first"]


def test_a_channel_that_is_off_tells_nothing(talk: Conversation, graph: FakeGraph) -> None:
    Connection.objects.update(is_active=False)
    assert not courtesies.tell_read(talk.pk)
    assert graph.asked == []


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((NEVER, NEVER), ([], [], [])),
        ((NEVER, ON_OPEN), ([], [], [])),
        ((ON_REPLY, NEVER), ([], [READ], [])),
        ((ON_OPEN, NEVER), ([READ], [READ], [])),
        ((ON_OPEN, ON_REPLY), ([READ], [READ], [TYPING])),
        ((ON_OPEN, ON_OPEN), ([READ, TYPING], [READ], [TYPING])),
        ((ON_REPLY, ON_REPLY), ([], [READ], [TYPING])),
    ],
)
def test_the_channels_policy_says_when(
    talk: Conversation, hinted: list[str], policies, expected
) -> None:
    policy(*policies)
    occasions = (
        lambda: courtesies.on_open([talk.pk]),
        lambda: courtesies.on_reply(talk.pk),
        lambda: courtesies.on_typing(talk.pk),
    )
    for do, told in zip(occasions, expected, strict=True):
        hinted.clear()
        do()
        assert hinted == told


def test_a_reply_that_is_rolled_back_tells_nothing(talk: Conversation, hinted: list[str]) -> None:
    policy(ON_REPLY)
    with transaction.atomic():
        courtesies.on_reply(talk.pk)
        transaction.set_rollback(True)
    assert hinted == []


def test_typing_is_shown_every_twenty_seconds_at_most(talk: Conversation, graph: FakeGraph) -> None:
    policy(ON_OPEN, ON_REPLY)
    assert courtesies.tell_typing(talk.pk)
    assert not courtesies.tell_typing(talk.pk)
    ReadNotice.objects.update(typing_at=Now() - timedelta(seconds=21))
    assert courtesies.tell_typing(talk.pk)
    assert [asked.body["typing_indicator"] for asked in graph.asked] == [{"type": "text"}] * 2


def test_typing_says_that_we_read_so_it_counts_as_told(
    talk: Conversation, graph: FakeGraph
) -> None:
    policy(ON_OPEN, ON_REPLY)
    courtesies.tell_typing(talk.pk)
    assert not courtesies.tell_read(talk.pk)
    assert len(graph.asked) == 1


def test_typing_does_not_say_that_we_read_before_the_answer_does(
    talk: Conversation, graph: FakeGraph
) -> None:
    policy(ON_REPLY, ON_REPLY)
    assert not courtesies.tell_typing(talk.pk)
    assert graph.asked == []
    courtesies.tell_read(talk.pk)
    assert courtesies.tell_typing(talk.pk)
    MessageFactory(conversation=talk, provider_id="wamid.second")
    ReadNotice.objects.update(typing_at=None)
    assert not courtesies.tell_typing(talk.pk)
