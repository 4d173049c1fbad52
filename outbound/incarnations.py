"""Which database this is, and whether it is still the one that messages left from.

A database is known by its cluster, its timeline (a restored or promoted one begins another), the
number of a table (one that a dump made has another), and how far it has got: a position behind
what this machine has seen means that it was put back. What this machine has seen stands in a
file, the rest in the database itself.
"""

from __future__ import annotations

import contextlib
import logging
import os
from functools import cache
from pathlib import Path

import msgspec

from messaging.sql import execute
from outbound.journal import folder_of_journals
from outbound.models import Incarnation

logger = logging.getLogger(__name__)

MARK = "database.json"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A database at one moment. `system` is empty where its owner may not know it.

    `position` is how much of its log is safe on disk, so that a crash never sets it back.
    """

    system: str
    timeline: int
    table: int
    position: int


def current() -> Identity:
    """This database now."""
    [(timeline, table, position)] = execute(IDENTITY)
    return Identity(system=_system(), timeline=timeline, table=table, position=position)


def look() -> tuple[Identity, str]:
    """This database, and why it is not the one that messages left from; "" where it is.

    What this machine has seen is read first: another process may note a later position at any
    moment, and ours must not look old beside it.
    """
    seen = _seen()
    identity = current()
    return identity, _why_another(identity, seen)


def _why_another(identity: Identity, seen: Identity | None) -> str:
    """As a word. One that has never sent anything is taken as it is."""
    known = Incarnation.objects.filter(pk=1).first()
    if known is None:
        adopt(identity)
        return ""
    if identity.system and known.system_identifier not in ("", identity.system):
        return "other_cluster"
    if known.timeline != identity.timeline:
        return "other_timeline"
    if known.table_oid not in (0, identity.table):
        return "loaded_dump"
    return "went_back" if _is_behind(identity, seen) else ""


def adopt(identity: Identity) -> None:
    """From now on this is the database that messages leave from."""
    execute(
        ADOPT,
        {"system": identity.system, "timeline": identity.timeline, "table": identity.table},
    )
    remember(identity)


def remember(identity: Identity) -> None:
    """Note on this machine how far the database has got. A disk that is full notes nothing."""
    with contextlib.suppress(OSError):
        folder = folder_of_journals()
        draft = folder / f".{MARK}.{os.getpid()}"
        draft.write_bytes(msgspec.json.encode(identity))
        draft.replace(folder / MARK)


def _is_behind(identity: Identity, seen: Identity | None) -> bool:
    if seen is None or (seen.system, seen.timeline, seen.table) != (
        identity.system,
        identity.timeline,
        identity.table,
    ):
        return False
    return identity.position < seen.position


def _seen() -> Identity | None:
    try:
        content = (folder_of_journals() / Path(MARK)).read_bytes()
        return msgspec.json.decode(content, type=Identity)
    except (OSError, msgspec.DecodeError):
        return None


def _system() -> str:
    if not _may_know_system():
        return ""
    [(system,)] = execute("SELECT system_identifier::text FROM pg_control_system()")
    return str(system)


@cache
def _may_know_system() -> bool:
    """Everybody may, unless somebody has taken it from them."""
    [(may,)] = execute("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')")
    if not may:
        logger.warning("the cluster's identifier may not be read: restores are harder to see")
    return bool(may)


# The name of the log file tells the timeline at once after a promotion; the control file only
# after the next checkpoint.
IDENTITY = """
SELECT ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int,
  'outbound_incarnation'::regclass::oid::bigint,
  pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint
"""

ADOPT = """
INSERT INTO outbound_incarnation (id, system_identifier, timeline, table_oid)
VALUES (1, %(system)s, %(timeline)s, %(table)s)
ON CONFLICT (id) DO UPDATE SET
  system_identifier = excluded.system_identifier, timeline = excluded.timeline,
  table_oid = excluded.table_oid, seen_at = statement_timestamp()
"""
