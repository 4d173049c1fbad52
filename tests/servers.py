"""Real servers for every test: those named in the environment, else embedded ones of our own.

A pytest plugin (`-p tests.servers`) because Django's settings are read before any conftest.
Their durability is off, since in-process tests die with their data; tests that kill servers
start durable ones of their own.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

SERVERS = ExitStack()


def start() -> None:
    """Set the environment once; workers of a parallel run inherit it."""
    os.environ.setdefault("TESTING", "true")
    os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-of-sufficient-length-0123456789")
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", Fernet.generate_key().decode())
    if "DATABASE_URL" in os.environ and "REDIS_URL" in os.environ:
        return
    from inbox.processes.embedded import temporary_services

    folder = SERVERS.enter_context(tempfile.TemporaryDirectory(prefix="inbox-tests-"))
    services = SERVERS.enter_context(temporary_services(Path(folder), durable=False))
    os.environ["DATABASE_URL"] = services.database_url
    os.environ["REDIS_URL"] = services.redis_url


start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    SERVERS.close()
