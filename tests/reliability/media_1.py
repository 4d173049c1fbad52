"""MEDIA-1: whatever happens to a file or to who fetches it, it is whole or clearly failed.

Customers' files come late, broken or not at all while the processes that fetch them are killed,
and then onto a disk that is full. A reader looks at everything that has a place meanwhile. What
failed is tried again by its id, and ends.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from celery import Celery

from inbox.processes import process_table
from messaging.simulator import demo
from tests.messaging import bodies
from tests.messaging.origin import running_origin
from tests.reliability import inbound, small_disk, spoilt_files
from tests.reliability.file_reader import Reader
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Keeper
from tests.reliability.reports import Report
from tests.reliability.spoilt_files import CODES, PASSING, PlannedFile, SpoiltFiles

FIRST, SECOND = "61", "62"  # how ids of files begin
FETCH = "messaging.tasks.fetch_due_media"
SWEEP = "messaging.tasks.sweep_orphaned_files"
FILES_IN_A_BODY = 10
FILE_BYTES = 60_000
LARGE_BYTES = 400_000
SMALL_DISK_BYTES = 2 * 2**20
ENOUGH_BYTES = 256 * 2**20
KILL_EVERY_SECONDS = 0.8
SWEEPER_EVERY = 4  # kills
ORPHAN = b"of nobody"
OLD_SECONDS = 2 * 3600
DELIVER = """
INSERT INTO messaging_inboundevent (connection_id, body, headers, received_at)
SELECT id, %s, '{}', now() - interval '5 seconds' FROM messaging_connection WHERE slug = 'demo'
RETURNING id
"""
KNOWN = "SELECT count(*) FROM messaging_media WHERE provider_id LIKE %s"
UNFINISHED = """
SELECT count(*) FROM messaging_media
WHERE provider_id LIKE %s AND state IN ('waiting', 'fetching')
"""
ROWS = """
SELECT media.provider_id, media.id, media.state, media.error_code, media.file, media.thumbnail,
  media.sha256, media.size_bytes, letter.id, letter.state
FROM messaging_media AS media
LEFT JOIN messaging_deadletter AS letter ON letter.media_id = media.id
WHERE media.provider_id LIKE %s
"""
# As if the time of the claims of whoever was killed had passed.
END_CLAIMS = """
UPDATE messaging_media SET claimed_until = now() - interval '1 minute', due_at = now()
WHERE state = 'fetching'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many files; how often processes are killed under them, at most."""

    seed: int
    files: int
    kills: int


@dataclass(frozen=True, slots=True)
class Row:
    """A file as Postgres knows it, with its dead letter."""

    provider_id: str
    id: int
    state: str
    code: str
    file: str
    thumbnail: str
    sha256: str
    size_bytes: int | None
    letter: int | None
    letter_state: str | None


@dataclass(slots=True, kw_only=True)
class Fetching:
    """What both halves of the programme share."""

    house: Parts
    origin: SpoiltFiles
    report: Report
    reader: Reader
    sweeper: Keeper
    broker: Celery
    kills: int = 0

    @property
    def folder(self) -> Path:
        return self.house.folder / "media"

    def arrive(self, files: list[PlannedFile], prefix: str) -> None:
        """Messages with these files, as deliveries that wait; returns when all are applied."""
        self.origin.add(files)
        self.reader.expect(file.sha256 for file in files)
        number_id = demo.CHANNELS[0].phone_number_id
        for batch in spoilt_files.batches(files, size=FILES_IN_A_BODY):
            content = bodies.body([_message(file) for file in batch], number_id=number_id)
            self.house.rows(DELIVER, content)
        self.hint()
        wanted = len(files)
        until(lambda: self.house.one(KNOWN, f"{prefix}%") == wanted, "all is applied", seconds=120)

    def hint(self, task: str = FETCH) -> None:
        """A hint is lost with the process that had it; here the sweeper need not do it all."""
        self.broker.send_task(task, queue="background")

    def fetch_under_kills(self, run: Run, prefix: str) -> None:
        """Until nothing waits."""
        dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
        while self.unfinished(prefix) and self.kills < run.kills:
            self.hint()
            time.sleep(KILL_EVERY_SECONDS * dice.uniform(0.5, 1.5))
            self.kills += inbound.kill_children(self.house, "background")
            if self.sweeper.restarts * SWEEPER_EVERY < self.kills:
                self._kill_sweeper()
            self.house.execute(END_CLAIMS)
        self.wait(prefix)

    def _kill_sweeper(self) -> None:
        if sweeper := self.house.running.get("sweeper"):
            process_table.send(sweeper.pid, signal.SIGKILL)
            self.kills += 1

    def wait(self, prefix: str, *, seconds: float = 180) -> None:
        self.hint()
        until(lambda: not self.unfinished(prefix), "every file ends", seconds=seconds)

    def unfinished(self, prefix: str) -> int:
        return int(self.house.one(UNFINISHED, f"{prefix}%"))

    def rows(self, prefix: str) -> list[Row]:
        return [Row(*row) for row in self.house.rows(ROWS, f"{prefix}%")]

    def retry(self, rows: list[Row], prefix: str) -> None:
        """By the ids of their dead letters, as an operator does."""
        letters = [str(row.letter) for row in rows if row.state == "failed"]
        if letters:
            self.house.manage("dlq", "retry", *letters)
        self.wait(prefix)

    def sweep(self) -> int:
        """Hours later: how many files were there that no row knows; all of them have to go."""
        known = {name for row in self.rows("") for name in (row.file, row.thumbnail) if name}
        some = self.folder / next(iter(known))
        self.reader.expect([hashlib.sha256(ORPHAN).hexdigest()])
        (some.parent / f"{some.name.partition('-')[0]}-left.jpg").write_bytes(ORPHAN)
        (self.folder / ".incoming" / "left.part").write_bytes(b"half of it")
        old = time.time() - OLD_SECONDS
        for path in self.folder.rglob("*"):
            os.utime(path, (old, old))
        before = len(self._unknown(known))
        self.hint(SWEEP)
        until(lambda: not self._unknown(known), "what nobody knows is swept", seconds=60)
        gone = [name for name in known if not (self.folder / name).is_file()]
        self.report.problems += [f"{name} was swept away" for name in gone]
        return before

    def _unknown(self, known: set[str]) -> list[str]:
        files = (path for path in self.folder.rglob("*") if path.is_file())
        names = (str(path.relative_to(self.folder)) for path in files)
        return [name for name in names if name not in known]


def _message(file: PlannedFile) -> bodies.Json:
    message = bodies.text(f"wamid.{file.media_id}", sender=f"35196{file.media_id[-6:]:0>7}")
    del message["text"]
    return message | {"type": file.kind, file.kind: file.announced()}


def carry_out(house: Parts, run: Run) -> Report:
    """Under kills, again by id, swept; then onto a full disk."""
    report = Report(name="MEDIA-1", seed=run.seed)
    reader = Reader(house.folder / "media")
    with running_origin(SpoiltFiles()) as origin:
        environment = {**inbound.SOON, "GRAPH_API_URL": origin.base_url}
        # A worker whose children die too often gives up, and is started again.
        keepers = [Keeper(house, name, environment) for name in ("background", "sweeper")]
        reader.start()
        at = Fetching(
            house=house,
            origin=origin,
            report=report,
            reader=reader,
            sweeper=keepers[1],
            broker=Celery(broker=house.services.redis_url),
        )
        try:
            _under_kills(at, run)
            _on_a_full_disk(at, run)
        finally:
            for keeper in keepers:
                keeper.stop()
            reader.stop()
            house.stop()
    report.problems += reader.problems
    report.figures = {"files": run.files, "kills": at.kills, **report.figures}
    report.figures["files read in their places"] = reader.count
    return report


def _under_kills(at: Fetching, run: Run) -> None:
    files = spoilt_files.plan(run.files, seed=run.seed, prefix=FIRST, size_bytes=FILE_BYTES)
    at.arrive(files, FIRST)
    at.fetch_under_kills(run, FIRST)
    rows = at.rows(FIRST)
    at.report.problems += _problems(at.folder, files, rows, when="under kills")
    at.report.figures |= {"failed at first": sum(row.state == "failed" for row in rows)}
    hopeless = [file for file in files if file.fault in CODES]
    mended = at.origin.mend(hopeless[::2])
    files = list({file.media_id: file for file in files + mended}.values())
    at.retry(rows, FIRST)
    rows = at.rows(FIRST)
    at.report.problems += _problems(at.folder, files, rows, when="tried again", is_final=True)
    at.report.figures |= {"failed in the end": sum(row.state == "failed" for row in rows)}
    at.report.figures["left over and swept"] = at.sweep()


def _on_a_full_disk(at: Fetching, run: Run) -> None:
    if not small_disk.is_possible():
        at.report.figures["disk full"] = small_disk.LEFT_OUT
        return
    count = max(12, run.files // 50)
    plan = spoilt_files.plan(count, seed=run.seed, prefix=SECOND, size_bytes=LARGE_BYTES)
    with small_disk.small_disk(at.folder, size_bytes=SMALL_DISK_BYTES) as disk:
        files = at.origin.mend(plan)
        at.arrive(files, SECOND)
        at.wait(SECOND)
        rows = at.rows(SECOND)
        at.report.problems += _problems(at.folder, files, rows, when="on a full disk")
        failed = sum(row.code == "not_written" for row in rows)
        at.report.problems += [] if failed else ["the full disk was not felt"]
        at.report.figures["without room at first"] = failed
        disk.grow(ENOUGH_BYTES)
        at.retry(rows, SECOND)
        rows = at.rows(SECOND)
        at.report.problems += _problems(at.folder, files, rows, when="with room", is_final=True)


def _problems(
    folder: Path, files: list[PlannedFile], rows: list[Row], *, when: str, is_final: bool = False
) -> Iterator[str]:
    """Whole or failed with a reason; at last, with the one that is right."""
    known = {row.provider_id: row for row in rows}
    for file in files:
        row = known[file.media_id]
        said = f"{when}: {row.provider_id} ({file.fault}) is {row.state} {row.code}".rstrip()
        if row.state == "stored":
            if not _is_whole(folder / row.file, file, row):
                yield f"{said}, and is not what was sent"
        elif row.state != "failed" or row.letter_state != "failed":
            yield f"{said}, its dead letter {row.letter_state}"
        elif row.code not in _codes(file, is_final=is_final):
            yield said


def _is_whole(path: Path, file: PlannedFile, row: Row) -> bool:
    """As sent, as its row says, and with nothing left for a person to do."""
    is_right = file.fault not in CODES and path.read_bytes() == file.content
    said = (row.sha256, row.size_bytes, row.code)
    return (
        is_right
        and said == (file.sha256, len(file.content), "")
        and row.letter_state in (None, "resolved")
    )


def _codes(file: PlannedFile, *, is_final: bool) -> set[str]:
    """What may be said of a file that failed; kills and full disks are no excuse at last."""
    own = {CODES[file.fault]} if file.fault in CODES else set()
    if is_final:
        return own
    return own | {"abandoned", "not_written"} | {PASSING.get(file.fault, "abandoned")}
