"""The gateway in the test's own process, and threads that meet at a barrier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from django.db import connection as database

from messaging import gateway as gateway_module
from messaging import transfers
from messaging.drain import drain_batch
from messaging.gateway import Gateway
from messaging.models import Connection, InboundEvent
from tests.messaging import bodies
from tests.messaging.origin import Origin, running_origin

THREAD_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Call:
    """One webhook call; `pieces` is its body as the server hands it over."""

    pieces: Sequence[bytes] = (b"",)
    headers: Mapping[str, str] | None = None
    path: str = "/webhooks/cloud/padaria/"
    method: str = "POST"
    query: str = ""
    caller: str = "203.0.113.1"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class Door:
    """Calls the gateway's ASGI callable; many calls run at once in its one event loop."""

    def __init__(self, runner: asyncio.Runner, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = runner

    def post(self, content: bytes, headers: Mapping[str, str] | None = None, **rest: Any) -> Answer:
        """Post a body, signed as Meta does unless `headers` say otherwise."""
        headers = bodies.signed(content) if headers is None else headers
        return self.all([Call(pieces=[content], headers=headers, **rest)])[0]

    def get(self, query: str, **rest: Any) -> Answer:
        return self.all([Call(method="GET", query=query, **rest)])[0]

    def all(self, calls: Sequence[Call]) -> list[Answer]:
        """Make all calls at once; their answers in order."""

        async def gathered() -> list[Answer]:
            return await asyncio.gather(*(ask(self.gateway, call) for call in calls))

        return self._runner.run(gathered())


async def ask(gateway: Gateway, call: Call, *, stalls: bool = False) -> Answer:
    """Make one call; one that `stalls` never sends the end of its body."""
    pieces = list(call.pieces)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if stalls and not pieces:
            await asyncio.sleep(THREAD_SECONDS)
        return {"type": "http.request", "body": pieces.pop(0), "more_body": stalls or bool(pieces)}

    async def send(event: Any) -> None:
        sent.append(event)

    scope: dict[str, Any] = {
        "type": "http",
        "method": call.method,
        "path": call.path,
        "query_string": call.query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in (call.headers or {}).items()],
        "client": (call.caller, 40000),
    }
    await gateway(scope, receive, send)
    return Answer(sent[0]["status"], b"".join(event.get("body", b"") for event in sent[1:]))


def address_of_test_database() -> str:
    """The address of the test database, which DATABASE_URL does not name."""
    values = database.settings_dict
    return psycopg.conninfo.make_conninfo(
        host=values["HOST"],
        port=values["PORT"],
        user=values["USER"],
        password=values["PASSWORD"],
        dbname=values["NAME"],
    )


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """What the gateway would have told workers, instead of telling a broker."""
    told: list[set[int]] = []

    class Silent:
        def nudge(self, connection_ids: set[int]) -> None:
            told.append(connection_ids)

    monkeypatch.setattr(gateway_module, "Nudger", Silent)
    return told


@pytest.fixture
def door(
    transactional_db: None, settings: Any, connection: Connection, nudged: list[set[int]]
) -> Iterator[Door]:
    """A gateway on the test database, with the connection `padaria`."""
    settings.DATABASE_URL = address_of_test_database()
    settings.WEBHOOK_TIMEOUT = 1.0
    with asyncio.Runner() as runner:
        gateway = Gateway()
        yield Door(runner, gateway)
        runner.run(gateway.close())


def stored() -> list[bytes]:
    """Bodies of all deliveries, in order."""
    rows = InboundEvent.objects.order_by("pk").values_list("body", flat=True)
    return [bytes(content) for content in rows]


def deliver(connection: Connection, *contents: bytes, at: datetime | None = None) -> None:
    """Deliveries as the gateway stores them, received now or `at` another time."""
    times = {} if at is None else {"received_at": at}
    InboundEvent.objects.bulk_create(
        InboundEvent(connection=connection, body=content, **times) for content in contents
    )


def drain_all(connection: Connection) -> int:
    """Apply everything that waits; how many deliveries."""
    finished = 0
    while done := drain_batch(connection):
        finished += done
    return finished


@contextmanager
def locked(table: str) -> Iterator[None]:
    """Nobody else may even read the table, so whoever wants to write to it waits."""
    with psycopg.connect(address_of_test_database()) as other:
        other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def at_once(*works: Callable[[], object]) -> None:
    """Run every work in a thread and on a database connection of its own, from one barrier on.

    Raises the first error of any.
    """
    barrier = Barrier(len(works))
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            database.ensure_connection()
            barrier.wait(THREAD_SECONDS)
            work()
        except BaseException as error:  # raised again where somebody sees it
            failures.append(error)
        finally:
            database.close()

    threads = [Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(THREAD_SECONDS)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


@pytest.fixture
def media_root(settings: Any, tmp_path: Path) -> Path:
    """The folder of stored files, a test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def origin(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    """The provider's side of the connection `padaria`; a busy machine may be slow to connect."""
    monkeypatch.setattr(transfers, "CONNECT_SECONDS", 30.0)
    with running_origin(Origin()) as found:
        connection.base_url, connection.api_version = found.base_url, "v24.0"
        connection.save(update_fields=["base_url", "api_version"])
        yield found
