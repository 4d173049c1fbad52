"""Whether this installation can do its work: Postgres answers and its tables are up to date."""

from __future__ import annotations

from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor

OK = "ok"
DOWN = "down"


def readiness() -> tuple[int, dict[str, object]]:
    """HTTP status and `{parts: {name: "ok"|"degraded"|"down"}}`; needs Postgres alone.

    Synchronous, with the connection's own timeouts. 200 only when both parts are well.
    """
    try:
        parts = {"postgres": _postgres(), "migrations": _migrations()}
    except (DatabaseError, InterfaceError):
        return 503, {"parts": {"postgres": DOWN, "migrations": DOWN}}
    is_well = all(state == OK for state in parts.values())
    return (200 if is_well else 503), {"parts": parts}


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
