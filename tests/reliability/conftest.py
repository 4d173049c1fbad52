"""One set of durable servers for all tests here that need no supervisor."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.messaging.conftest import door, nudged
from tests.reliability.house import Parts, parts

__all__ = ["door", "nudged"]

PRISTINE = "pristine"


@pytest.fixture(scope="session")
def servers() -> Iterator[Parts]:
    """Durable Postgres and Redis with the demo's rows."""
    with parts(WEBHOOK_TIMEOUT="1") as house:
        _copy_database(house, source=_name(house), target=PRISTINE)
        yield house


@pytest.fixture
def house(servers: Parts) -> Iterator[Parts]:
    """The servers as they were at first: no test finds what another one has left or changed."""
    for server in (servers.services.postgres, servers.services.redis):
        if not server.answers():
            server.launch()
    _copy_database(servers, source=PRISTINE, target=_name(servers))
    with redis.Redis.from_url(servers.services.redis_url) as session:
        session.flushall()
    for kept in ("spool", "media", "journal", "simulator"):
        shutil.rmtree(servers.folder / kept, ignore_errors=True)
    yield servers
    servers.stop()


def _name(house: Parts) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(house.database_url)["dbname"])


def _copy_database(house: Parts, *, source: str, target: str) -> None:
    """Make `target` anew as a copy of `source`."""
    with psycopg.connect(house.database_url, dbname="postgres", autocommit=True) as session:
        session.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        session.execute(f"CREATE DATABASE {target} TEMPLATE {source}")
