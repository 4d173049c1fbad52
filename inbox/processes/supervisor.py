"""Keeps programs running: what dies is started again, and all of it is stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio import FIRST_COMPLETED, FIRST_EXCEPTION
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from inbox.processes import process_table
from inbox.processes.errors import CannotStart
from inbox.processes.program import Program

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 30.0
RAN_WELL_SECONDS = 10.0
LONGEST_LINE_BYTES = 1024 * 1024

T = TypeVar("T")
Say = Callable[[str, str], None]


@dataclass(slots=True)
class Kept:
    """One program under supervision."""

    program: Program
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    head: int | None = None
    ended_count: int = 0


class Supervisor:
    """Starts programs, restarts the dead, and stops them on request.

    `say(name, line)` shows a line of a program or about it; `on_change()` hears that a head came
    or went.
    """

    def __init__(self, *, say: Say, on_change: Callable[[], None]) -> None:
        """Supervise nothing yet."""
        self._say = say
        self._on_change = on_change
        self._kept: dict[str, Kept] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="waiting")
        self.hurry = asyncio.Event()

    def add(self, program: Program) -> None:
        """Start the program and keep it running."""
        kept = Kept(program)
        self._kept[program.name] = kept
        kept.task = asyncio.create_task(self._keep(kept), name=program.name)

    def heads(self) -> dict[str, int]:
        """Process ids by name, of those that run now."""
        return {name: kept.head for name, kept in self._kept.items() if kept.head is not None}

    def ended_count(self, name: str) -> int:
        """How often the program ended though nobody asked it to."""
        return self._kept[name].ended_count

    def names(self) -> list[str]:
        """All programs under supervision, in the order they came."""
        return list(self._kept)

    async def wait(self) -> None:
        """Wait for as long as anything is supervised; raise what goes wrong in supervising."""
        tasks = [kept.task for kept in self._kept.values() if kept.task]
        done, _ = await asyncio.wait(tasks, return_when=FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def stop(self, names: Collection[str], *, grace_seconds: float) -> None:
        """Stop some programs together; kill what is left after the grace, or once hurried."""
        chosen = [kept for name, kept in self._kept.items() if name in names]
        for kept in chosen:
            kept.stopping.set()
            if kept.head is not None:
                process_table.send(kept.head, kept.program.stop_signal)
        ended = asyncio.gather(*(kept.task for kept in chosen if kept.task), return_exceptions=True)
        hurried = asyncio.create_task(self.hurry.wait())
        either: set[asyncio.Future[Any]] = {ended, hurried}  # Any: what they yield is not asked
        await asyncio.wait(either, timeout=grace_seconds, return_when=FIRST_COMPLETED)
        hurried.cancel()
        for kept in chosen:
            if kept.head is not None:
                self._say(kept.program.name, "did not stop in time; killed")
                process_table.send(kept.head, signal.SIGKILL)
        for problem in await ended:
            if problem is not None:
                self._say("up", f"supervision failed: {problem!r}")

    async def close(self) -> None:
        """Show what stopped programs said last."""
        if self._readers:
            await asyncio.wait(self._readers, timeout=1)
        self._threads.shutdown()

    async def _keep(self, kept: Kept) -> None:
        delay = FIRST_DELAY_SECONDS
        while not kept.stopping.is_set():
            started = time.monotonic()
            how = await self._run_once(kept)
            if kept.stopping.is_set():
                return
            if time.monotonic() - started >= RAN_WELL_SECONDS:
                delay = FIRST_DELAY_SECONDS
            kept.ended_count += 1
            self._say(kept.program.name, f"{how}; starting again in {delay:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(kept.stopping.wait(), delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)

    async def _run_once(self, kept: Kept) -> str:
        """Run the program until its head ends, clear what it left, and say how it ended."""
        output = self._output(kept.program)
        try:
            head = kept.program.start(output)
        except CannotStart as problem:
            return str(problem)
        finally:
            os.close(output)
        kept.head = head.pid
        self._on_change()
        status = await self._in_thread(head.wait)
        kept.head = None
        self._on_change()
        await self._in_thread(partial(kept.program.clear, head.pid))
        if status < 0:
            return f"was ended by {signal.Signals(-status).name}"
        words = kept.program.last_words()
        return f"ended with status {status}" + (f" ({words})" if words else "")

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _output(self, program: Program) -> int:
        """The descriptor that the program writes to: its log, or a pipe of which we show lines.

        The pipe is ours, not asyncio's: an orphan that keeps it open must not hide the end of
        its head.
        """
        if program.log:
            return program.open_log()
        ours, theirs = os.pipe()
        reader = asyncio.create_task(self._show_lines(program.name, ours))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        return theirs

    async def _show_lines(self, name: str, descriptor: int) -> None:
        stream = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
        )
        with contextlib.closing(transport):
            while not stream.at_eof():
                try:
                    line = await stream.readline()
                except ValueError:
                    self._say(name, f"(a line of more than {LONGEST_LINE_BYTES} bytes)")
                    continue
                if line.strip():
                    self._say(name, line.decode(errors="replace").rstrip())
