"""What Postgres does not take is safe on disk before the 200, and in Postgres in order later."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from messaging import spool as spool_module
from messaging.drain import drain_batch
from messaging.gateway import Gateway
from messaging.health import readiness
from messaging.ingest import Delivery
from messaging.ledger import balance
from messaging.models import Connection, InboundEvent, Message
from messaging.spool import Damaged, Spool, SpoolFull, decode, encode
from tests.messaging import bodies
from tests.messaging.conftest import Call, Door, address_of_test_database, stored
from tests.reliability.proxy import Fault, Proxy, between

MEGABYTE = 1024 * 1024


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    settings.SPOOL_DIR = str(tmp_path / "spool")
    settings.SPOOL_MAX_BYTES = 10 * MEGABYTE
    return tmp_path / "spool"


@pytest.fixture
def proxy(
    transactional_db: None, settings: Any, connection: Connection, nudged: list[set[int]]
) -> Iterator[Proxy]:
    """Stands between the gateway and Postgres; the test itself is connected past it."""
    values = psycopg.conninfo.conninfo_to_dict(address_of_test_database())
    login = f"{values['user']}:{values.get('password', '')}"
    url = f"postgresql://{login}@{values['host']}:{values['port']}/{values['dbname']}"
    settings.WEBHOOK_TIMEOUT = 1.0
    with between(url) as (found, through):
        settings.DATABASE_URL = through
        yield found


@pytest.fixture
def door(proxy: Proxy, folder: Path) -> Iterator[Door]:
    """A gateway with a spool, which has served the connection `padaria` before."""
    with asyncio.Runner() as runner:
        door = Door(runner, Gateway())
        assert door.post(b"before").status == 200
        yield door
        runner.run(door.gateway.close())


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".deliveries"))


def wait_until_empty(door: Door, folder: Path) -> None:
    """The gateway's own task empties the spool while its event loop runs."""
    deadline = time.monotonic() + 20
    while files(folder):
        assert time.monotonic() < deadline
        door._runner.run(asyncio.sleep(0.05))


def delivery(connection_id: int, body: bytes, **more: Any) -> Delivery:
    return Delivery(connection_id=connection_id, body=body, headers={}, **more)


@pytest.mark.parametrize("fault", [Fault.REFUSE, Fault.SILENCE, Fault.SWALLOW_REPLIES])
def test_while_postgres_fails_the_answer_is_200_in_time(
    door: Door, proxy: Proxy, folder: Path, fault: Fault
) -> None:
    proxy.set(fault)
    contents = [b"during %d" % number for number in range(5)]
    started = time.monotonic()
    calls = [Call(pieces=[content], headers=bodies.signed(content)) for content in contents]
    assert [answer.status for answer in door.all(calls)] == [200] * 5
    assert time.monotonic() - started < 1.0 + 0.5
    assert files(folder)
    proxy.set(Fault.NONE)
    proxy.cut()
    wait_until_empty(door, folder)
    assert set(stored()) == {b"before", *contents}


def test_the_spool_is_emptied_in_order_with_the_times_of_arrival(
    door: Door, proxy: Proxy, folder: Path, nudged: list[set[int]], connection: Connection
) -> None:
    proxy.set(Fault.REFUSE)
    contents = [b"%d" % number for number in range(20)]
    before = datetime.now(UTC)
    assert [door.post(content).status for content in contents] == [200] * 20
    after = datetime.now(UTC)
    nudged.clear()
    proxy.set(Fault.NONE)
    wait_until_empty(door, folder)
    assert stored() == [b"before", *contents]
    times = InboundEvent.objects.order_by("pk").values_list("received_at", flat=True)[1:]
    assert before <= times[0]
    assert list(times) == sorted(times)
    assert times[19] <= after
    assert {connection.pk} in nudged


def test_what_waits_is_taken_in_by_the_next_start(
    proxy: Proxy, folder: Path, connection: Connection
) -> None:
    folder.mkdir()
    Spool(str(folder), most_bytes=MEGABYTE).write([delivery(connection.pk, b"of the last run")])
    with asyncio.Runner() as runner:
        door = Door(runner, Gateway())
        door._runner.run(_open(door.gateway))
        wait_until_empty(door, folder)
        runner.run(door.gateway.close())
    assert stored() == [b"of the last run"]


async def _open(gateway: Gateway) -> None:
    gateway.open()


def test_a_delivery_that_is_both_stored_and_spooled_is_one_message(
    door: Door, proxy: Proxy, folder: Path, connection: Connection
) -> None:
    content = bodies.body([bodies.text("wamid.once")])
    proxy.set(Fault.SWALLOW_REPLIES)  # the commit takes place, its answer is lost
    assert door.post(content).status == 200
    proxy.set(Fault.NONE)
    proxy.cut()
    wait_until_empty(door, folder)
    assert stored().count(content) == 2
    while drain_batch(connection):
        pass
    assert Message.objects.count() == 1
    assert balance().balanced


def test_a_full_spool_is_503(door: Door, proxy: Proxy, folder: Path, settings: Any) -> None:
    proxy.set(Fault.REFUSE)
    large = b"x" * 3 * MEGABYTE
    assert [door.post(large).status for _ in range(5)] == [200, 200, 200, 503, 503]
    assert door.post(b"small").status == 200


@pytest.mark.parametrize("is_there", [True, False])
def test_a_spool_that_cannot_be_written_is_503(
    door: Door, proxy: Proxy, folder: Path, is_there: bool
) -> None:
    (folder / ".lock").unlink(missing_ok=True)
    folder.rmdir()
    if is_there:
        folder.write_text("a file where the folder should be")
    proxy.set(Fault.REFUSE)
    assert door.post(b"during").status == 503
    proxy.set(Fault.NONE)
    assert door.post(b"after").status == 200


def test_a_disk_that_fails_leaves_nothing_half_written(
    door: Door, proxy: Proxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    proxy.set(Fault.REFUSE)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        assert door.post(b"during").status == 503
    assert [path.name for path in folder.iterdir()] == [".lock"]
    assert door.post(b"later").status == 200


def test_an_address_never_heard_of_is_503_while_postgres_is_away(door: Door, proxy: Proxy) -> None:
    proxy.set(Fault.REFUSE)
    assert door.post(b"{}", path="/webhooks/cloud/other/").status == 503
    assert door.post(b"{}", headers={}).status == 403


def test_secrets_serve_on_beyond_their_ten_seconds_while_postgres_is_away(
    door: Door, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.set(Fault.REFUSE)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 3600)
    assert door.post(b"an hour later").status == 200


def test_a_connection_that_was_deleted_holds_up_nobody(
    proxy: Proxy, folder: Path, connection: Connection
) -> None:
    folder.mkdir()
    spool = Spool(str(folder), most_bytes=MEGABYTE)
    spool.write([delivery(connection.pk, b"1"), delivery(10**9, b"nobody's")])
    spool.write([delivery(connection.pk, b"2")])
    with asyncio.Runner() as runner:
        door = Door(runner, Gateway())
        door._runner.run(_open(door.gateway))
        wait_until_empty(door, folder)
        runner.run(door.gateway.close())
    assert stored() == [b"1", b"2"]
    [kept] = folder.glob("*.refused")
    assert [each.body for each in decode(kept.read_bytes())] == [b"nobody's"]


def test_a_damaged_file_is_set_aside(proxy: Proxy, folder: Path, connection: Connection) -> None:
    folder.mkdir()
    spool = Spool(str(folder), most_bytes=MEGABYTE)
    spool.write([delivery(connection.pk, b"whole")])
    (folder / "00000000000000000000-0-1.deliveries").write_bytes(b"half of it")
    with asyncio.Runner() as runner:
        door = Door(runner, Gateway())
        door._runner.run(_open(door.gateway))
        wait_until_empty(door, folder)
        runner.run(door.gateway.close())
    assert stored() == [b"whole"]
    assert len(list(folder.glob("*.refused"))) == 1


def test_two_gateways_empty_one_spool_together_and_each_file_once(
    proxy: Proxy, folder: Path, connection: Connection
) -> None:
    folder.mkdir()
    spool = Spool(str(folder), most_bytes=MEGABYTE)
    for number in range(50):
        spool.write([delivery(connection.pk, b"%02d" % number)])
    with asyncio.Runner() as runner:
        doors = [Door(runner, Gateway()) for _ in range(2)]
        for door in doors:
            door._runner.run(_open(door.gateway))
        wait_until_empty(doors[0], folder)
        for door in doors:
            runner.run(door.gateway.close())
    assert stored() == [b"%02d" % number for number in range(50)]


def test_readiness_tells_of_what_waits(
    transactional_db: None, folder: Path, connection: Connection
) -> None:
    folder.mkdir()
    assert readiness()[1]["parts"]["spool"] == "ok"
    Spool(str(folder), most_bytes=MEGABYTE).write([delivery(connection.pk, b"waits")])
    status, told = readiness()
    assert (status, told["parts"]["spool"]) == (200, "degraded")


def test_a_file_reads_back_what_was_written() -> None:
    at = datetime(2025, 11, 20, 9, 30, tzinfo=UTC) + timedelta(microseconds=7)
    kept = [
        Delivery(connection_id=7, body=b"\x00\xff", headers={"a": "é"}, received_at=at),
        delivery(8, b""),
    ]
    content = encode(kept)
    assert decode(content) == kept
    for wrong in (b"", content[:-1], content[:40] + b"?" + content[41:]):
        with pytest.raises(Damaged):
            decode(wrong)


def test_drafts_of_the_dead_are_forgotten_and_others_kept(folder: Path) -> None:
    folder.mkdir()
    spool = Spool(str(folder), most_bytes=100)
    for name, age in {".1.draft": 2 * spool_module.ABANDONED_SECONDS, ".2.draft": 0}.items():
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, times=(time.time() - age, time.time() - age))
    spool.forget_abandoned()
    assert [path.name for path in folder.iterdir()] == [".2.draft"]
    with pytest.raises(SpoolFull):
        spool.write([delivery(1, b"x" * 100)])
