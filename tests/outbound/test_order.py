"""Order in a conversation, and one send each, with several dispatchers at once."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from threading import Barrier
from typing import Any

import pytest
from aiohttp import web

from messaging.models import Channel, Conversation, Message
from outbound.dispatch import dispatch_due
from outbound.models import SendAttempt
from tests.factories import ContactFactory, ContactIdentityFactory, ConversationFactory
from tests.outbound import graph as fake
from tests.outbound.conftest import in_thread, open_window, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)

LANES = 12
EACH = 6


async def at_any_pace(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    await asyncio.sleep(random.random() / 50)  # noqa: S311 - a pace, not a secret
    return await fake.accept(request, body)


@pytest.fixture
def conversations(ready: Conversation, channel: Channel) -> list[Conversation]:
    rows = [ready]
    for number in range(LANES - 1):
        contact = ContactFactory(organization=channel.organization)
        ContactIdentityFactory(contact=contact, value=f"4479460000{number:02}")
        rows.append(ConversationFactory(channel=channel, contact=contact))
    for row in rows:
        open_window(row)
    return rows


def test_each_leaves_once_and_in_order_however_many_dispatch(
    conversations: list[Conversation], graph: FakeGraph
) -> None:
    graph.default = at_any_pace
    expected = defaultdict(list)
    for number in range(EACH):
        for place, row in enumerate(conversations):
            write(row, f"{place}:{number}")
            expected[str(place)].append(f"{place}:{number}")
    barrier = Barrier(3)

    def dispatch() -> None:
        barrier.wait(10)
        dispatch_due(limit_seconds=30)

    with in_thread(dispatch), in_thread(dispatch):
        dispatch()
    arrived = defaultdict(list)
    for asked in graph.asked:
        arrived[asked.text.split(":")[0]].append(asked.text)
    assert arrived == expected
    assert set(graph.most_at_once.values()) == {1}
    assert set(Message.objects.values_list("status", flat=True)) == {"accepted"}
    assert SendAttempt.objects.count() == LANES * EACH


def test_many_lanes_are_in_flight_together(
    conversations: list[Conversation], graph: FakeGraph
) -> None:
    arrived: list[str] = []
    everybody = asyncio.Event()

    async def wait_for_all(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        arrived.append(body["text"]["body"])
        if len(arrived) == LANES:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), 10)
        return await fake.accept(request, body)

    graph.default = wait_for_all
    for row in conversations:
        write(row, str(row.pk))
    assert dispatch_due(limit_seconds=20) == LANES
    assert len(graph.accepted) == LANES


def test_the_next_leaves_only_after_the_answer_was_recorded(
    ready: Conversation, graph: FakeGraph
) -> None:
    recorded: list[list[str]] = []

    async def look(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        loop = asyncio.get_running_loop()
        recorded.append(await loop.run_in_executor(None, statuses))
        return await fake.accept(request, body)

    def statuses() -> list[str]:
        found: list[list[str]] = []
        with in_thread(
            lambda: found.append(
                list(Message.objects.order_by("seq").values_list("status", flat=True))
            )
        ):
            pass
        return found[0]

    graph.default = look
    for text in "abc":
        write(ready, text)
    dispatch_due(limit_seconds=20)
    assert recorded == [
        ["pending", "pending", "pending"],
        ["accepted", "pending", "pending"],
        ["accepted", "accepted", "pending"],
    ]
