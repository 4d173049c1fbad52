"""Whether this Postgres keeps what it says it has committed."""

from __future__ import annotations

from django.conf import settings
from django.db import Error

from messaging.sql import execute


class UnsafeDurability(Exception):
    """A crash could take acknowledged deliveries with it."""


def verify() -> None:
    """Raise UnsafeDurability where a commit may not survive a crash; silent while it is down.

    Source: PostgreSQL, "Reliability and the write-ahead log". In-process tests may switch the
    syncing off (`TESTING`).
    """
    if settings.TESTING:
        return
    try:
        rows = execute(
            "SELECT name, setting FROM pg_settings"
            " WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')"
        )
    except Error:
        return
    off = sorted(name for name, value in rows if value in {"off", "local"})
    if off:
        raise UnsafeDurability(
            f"Postgres runs with {', '.join(off)} off: a crash would lose acknowledged messages."
            " Switch it on, or the inbox will not accept any."
        )
