"""Real servers for every test: those named in the environment, else embedded ones of our own.

A pytest plugin (`-p tests.servers`) because Django's settings are read before any conftest.
Their durability is off, since in-process tests die with their data; tests that kill servers
start durable ones of their own. Each worker of a parallel run (`-n 2`) has its own embedded
servers, or its own database of a Redis that was given: in one they would count each other's
permits.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

SERVERS = ExitStack()
# Tells a worker of a parallel run that the servers in its environment are embedded ones.
EMBEDDED_VARIABLE = "TEST_SERVERS_EMBEDDED"


def start() -> None:
    """Set the environment, before Django reads it."""
    os.environ.setdefault("TESTING", "true")
    os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-sufficient-length-0123456789")
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", Fernet.generate_key().decode())
    if _are_given():
        os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"])
        return
    from inbox.processes.embedded import temporary_services

    folder = SERVERS.enter_context(tempfile.TemporaryDirectory(prefix="inbox-tests-"))
    services = SERVERS.enter_context(temporary_services(Path(folder), durable=False))
    os.environ["DATABASE_URL"] = services.database_url
    os.environ["REDIS_URL"] = services.redis_url
    os.environ[EMBEDDED_VARIABLE] = "true"


def _are_given() -> bool:
    if EMBEDDED_VARIABLE in os.environ:
        return False
    return "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ


def _own_database(url: str) -> str:
    """Another database of the Redis that was given, for each worker of a parallel run."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return url
    server, _, number = url.rpartition("/")
    return f"{server}/{int(number) + 1 + int(worker.removeprefix('gw'))}"


start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    SERVERS.close()
