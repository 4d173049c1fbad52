"""Small disks under a Postgres of our own: one for stored deliveries, one for its log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from inbox.processes.servers import Server
from tests.reliability import small_disk
from tests.reliability.house import Parts, until
from tests.reliability.small_disk import SmallDisk

ROWS_BYTES = 512 * 2**20
LOG_BYTES = 512 * 2**20
# The log stays small enough for its disk, of which only what is used is memory.
LIMIT = ("ALTER SYSTEM SET max_wal_size = '128MB'", "ALTER SYSTEM SET min_wal_size = '32MB'")
UNLIMIT = ("ALTER SYSTEM RESET max_wal_size", "ALTER SYSTEM RESET min_wal_size")
MOVE = (
    "CREATE TABLESPACE reliability LOCATION '{}'",
    "ALTER TABLE messaging_inboundevent SET TABLESPACE reliability",
)
MOVE_BACK = (
    "ALTER TABLE messaging_inboundevent SET TABLESPACE pg_default",
    "DROP TABLESPACE reliability",
)
# What room there is in pages that are there already; rolled back, and not reused for a while.
USE_UP = """
INSERT INTO messaging_inboundevent (connection_id, body, headers, state, received_at)
SELECT connection.id, repeat('x', 700)::bytea, '{}', 'finished', now()
FROM messaging_connection AS connection, generate_series(1, 1000000)
WHERE connection.slug = 'demo'
"""
USE_UP_LOG = "SELECT pg_logical_emit_message(true, 'full', 'x'), pg_switch_wal()"
MOST_SEGMENTS = 200


@dataclass(frozen=True, slots=True)
class Disks:
    """Both of them, and whose they are."""

    house: Parts
    rows: SmallDisk
    log: SmallDisk

    def refuse_deliveries(self, hold_seconds: float) -> None:
        """Deliveries find no room, for a while; everything else does."""
        self.rows.fill()
        try:
            with suppress(psycopg.errors.DiskFull):
                self.house.execute(USE_UP)
                raise AssertionError("the disk was not full")
            time.sleep(hold_seconds)
        finally:
            self.rows.free()

    def refuse_the_log(self, hold_seconds: float) -> None:
        """Postgres cannot write its log, panics, and is started once there is room."""
        before = self._panics()
        self.log.fill()
        try:
            until(lambda: self._panics_of_more() > before, "Postgres panics", seconds=20)
            time.sleep(hold_seconds)
        finally:
            self.log.free()
        server = self.house.services.postgres
        until(lambda: server.answers() or not server.heads(), "Postgres recovers or ends")
        if not server.answers():
            server.launch()

    def _panics_of_more(self) -> int:
        """How often it has, after as much more log as it takes."""
        with suppress(psycopg.Error):
            for _ in range(MOST_SEGMENTS):
                self.house.rows(USE_UP_LOG)
        return self._panics()

    def _panics(self) -> int:
        log = self.house.services.postgres.program.log
        return log.read_text(errors="replace").count("PANIC") if log else 0


@contextmanager
def small_disks(house: Parts) -> Iterator[Disks | None]:
    """Both disks in place, and everything back afterwards; None where we may not mount any."""
    if not small_disk.is_possible():
        yield None
        return
    with ExitStack() as stack:
        rows = stack.enter_context(_disk_of_deliveries(house))
        log = stack.enter_context(_disk_of_the_log(house))
        yield Disks(house, rows, log)


@contextmanager
def _disk_of_deliveries(house: Parts) -> Iterator[SmallDisk]:
    place = house.folder / "deliveries"
    with small_disk.small_disk(place, size_bytes=ROWS_BYTES) as disk:
        folder = place / "rows"
        folder.mkdir(mode=0o700)
        house.services.postgres.program.account.own(folder)
        for sql in MOVE:
            house.execute(sql.format(folder))
        try:
            yield disk
        finally:
            house.stop()
            for sql in MOVE_BACK:
                house.execute(sql)


@contextmanager
def _disk_of_the_log(house: Parts) -> Iterator[SmallDisk]:
    server = house.services.postgres
    own = Path(house.one("SHOW data_directory")) / "pg_wal"
    place = house.folder / "log"
    with small_disk.small_disk(place, size_bytes=LOG_BYTES) as disk:
        for sql in LIMIT:
            house.execute(sql)
        house.execute("CHECKPOINT")
        _move(server, own, place / "pg_wal")
        own.symlink_to(place / "pg_wal")
        server.launch()
        try:
            yield disk
        finally:
            house.stop()
            server.stop()
            own.unlink()
            _move(server, place / "pg_wal", own)
            server.launch()
            for sql in UNLIMIT:
                house.execute(sql)


def _move(server: Server, source: Path, target: Path) -> None:
    """With Postgres stopped; its user keeps the files."""
    server.stop()
    shutil.copytree(source, target)
    for path in (target, *target.rglob("*")):
        server.program.account.own(path)
    shutil.rmtree(source)
