"""Whether this installation can do its work: Postgres answers and its tables are up to date."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

from messaging.spool import Spool

OK = "ok"
DEGRADED = "degraded"
DOWN = "down"


def readiness() -> tuple[int, dict[str, object]]:
    """HTTP status and `{parts: {name: "ok"|"degraded"|"down"}}`; needs Postgres alone.

    Synchronous, with the connection's own timeouts. 200 only when nothing is down.
    """
    try:
        parts = {"postgres": _postgres(), "migrations": _migrations()}
    except (DatabaseError, InterfaceError):
        parts = {"postgres": DOWN, "migrations": DOWN}
    parts |= _spool()
    return (503 if DOWN in parts.values() else 200), {"parts": parts}


def _spool() -> dict[str, str]:
    """Where there is a spool: degraded while acknowledged deliveries wait in it."""
    if not settings.SPOOL_DIR:
        return {}
    spool = Spool(settings.SPOOL_DIR, most_bytes=settings.SPOOL_MAX_BYTES)
    return {"spool": DEGRADED if spool.waiting() or not spool.is_writable() else OK}


def _postgres() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _migrations() -> str:
    return OK if _seen_applied() else DOWN


class _Pending(Exception):
    pass


def _seen_applied() -> bool:
    """Migrations do not come undone while a process runs, so only "not yet" is asked again."""
    try:
        _check_applied()
    except _Pending:
        return False
    return True


@cache
def _check_applied() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _Pending
