"""FSYNC-1 in small, and what a gateway says to a Postgres that would forget."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from inbox.processes import welcome
from tests.reliability import fsync_1
from tests.reliability.fsync_1 import Seen, carry_out, out_of_order
from tests.reliability.house import Parts, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]
# Without the Procfile's respawning, so that it ends by itself.
ONCE = "granian --interface asgi --port $GATEWAY_PORT --workers 1 config.gateway:application"


def test_a_200_leaves_after_the_log_is_on_disk(house: Parts) -> None:
    if not fsync_1.is_possible():
        pytest.skip("NOT RUN: FSYNC-1 needs strace and the right to trace")
    # What a role or a database says of its sessions does not count against ours.
    house.execute("ALTER DATABASE inbox SET synchronous_commit = off")
    try:
        report = carry_out(house, requests=50)
    finally:
        house.execute("ALTER DATABASE inbox RESET synchronous_commit")
    print(*report.lines(), sep="\n")
    assert report.problems == []


def test_the_judge_finds_what_is_out_of_order() -> None:
    good = [Seen(1, 1, "request"), Seen(2, 2, "sync"), Seen(3, 1, "answer")]
    early = [Seen(1, 1, "request"), Seen(2, 1, "answer"), Seen(3, 2, "sync")]
    assert out_of_order(good, {2}, 1) == []
    assert len(out_of_order(good, {3}, 1)) == len(out_of_order(early, {2}, 1)) == 1
    assert len(out_of_order([*good, *early], {2}, 1)) == 1


@pytest.mark.parametrize("name", ["fsync", "full_page_writes"])
def test_a_postgres_that_would_forget_is_refused(house: Parts, name: str) -> None:
    with forgetful(house, name):
        house.start("once", commands={"once": ONCE})
        until(lambda: house.running["once"].poll() is not None, "the gateway ends")
        assert f"{name} off" in house.log("once")
        assert not welcome.is_ready("gateway", house.port("gateway"))


@contextmanager
def forgetful(house: Parts, name: str) -> Iterator[None]:
    """Postgres runs with this setting switched off meanwhile."""
    server = house.services.postgres
    words = [f"{name}=off" if word == f"{name}=on" else word for word in server.program.command]
    unsafe = replace(server, program=replace(server.program, command=tuple(words)))
    assert unsafe.program.command != server.program.command
    server.stop()
    unsafe.launch()
    try:
        yield
    finally:
        unsafe.stop()
        server.launch()
