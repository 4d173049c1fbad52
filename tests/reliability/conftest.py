"""One set of durable servers for all tests here that need no supervisor."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.messaging.conftest import door, nudged
from tests.reliability.house import Parts, parts

__all__ = ["door", "nudged"]


@pytest.fixture(scope="session")
def servers() -> Iterator[Parts]:
    """Durable Postgres and Redis with the demo's rows."""
    with parts(WEBHOOK_TIMEOUT="1") as house:
        yield house


@pytest.fixture
def house(servers: Parts) -> Iterator[Parts]:
    """The servers, with no deliveries, files and processes left from the test before."""
    for server in (servers.services.postgres, servers.services.redis):
        if not server.answers():
            server.launch()
    servers.execute("TRUNCATE messaging_inboundevent, messaging_contact CASCADE")
    for kept in ("spool", "media"):
        shutil.rmtree(servers.folder / kept, ignore_errors=True)
    yield servers
    servers.stop()
