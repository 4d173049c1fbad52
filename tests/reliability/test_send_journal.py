"""Postgres really stops after a request left, the process that heard the answer really dies."""

from __future__ import annotations

import signal
from pathlib import Path
from threading import Event

import pytest

from inbox.processes import process_table
from tests.outbound import graph as fake
from tests.outbound.graph import FakeGraph
from tests.reliability.house import Parts, until

WRITE = """
from messaging.models import Channel
from tests.factories import ContactIdentityFactory, ConversationFactory
from tests.outbound.conftest import open_window, write
channel = Channel.objects.filter(connection__slug="demo").order_by("pk").first()
identity = ContactIdentityFactory(contact__organization=channel.organization)
conversation = ConversationFactory(channel=channel, contact=identity.contact)
open_window(conversation)
for text in ("first", "second"):
    write(conversation, text)
"""
STATES = "SELECT string_agg(state, ' ' ORDER BY id) FROM outbound_outboxentry"
ATTEMPTS = "SELECT count(*) FROM outbound_sendattempt"


def answers(house: Parts) -> list[Path]:
    return sorted((house.folder / "journal").glob("*.answers"))


def kill(house: Parts, name: str) -> None:
    """`kill -9`, with no time to say anything."""
    process = house.running.pop(name)
    process_table.send(process.pid, signal.SIGKILL)
    process.wait(10)


@pytest.mark.process
@pytest.mark.timeout(300)
def test_an_answer_outlives_the_process_that_heard_it_while_postgres_was_away(
    house: Parts,
) -> None:
    graph, released = FakeGraph(), Event()
    graph.next.append(fake.after(released))
    house.execute(f"UPDATE messaging_connection SET base_url = '{graph.url}'")  # noqa: S608
    house.manage("shell", "-c", WRITE)
    house.start("sweeper")
    until(lambda: graph.asked, "the first message leaves", seconds=60)
    house.services.postgres.stop_at_once()
    released.set()
    until(lambda: answers(house), "the answer is on disk", seconds=60)
    kill(house, "sweeper")
    house.services.postgres.launch()
    house.start("sweeper")
    until(lambda: house.one(STATES) == "accepted accepted", "both are accepted", seconds=90)
    assert [asked.text for asked in graph.asked] == ["first", "second"]
    assert house.one(ATTEMPTS) == 2
    assert not answers(house)
