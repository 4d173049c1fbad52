"""What `manage.py up` does: servers, preparation, the Procfile's processes, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inbox.processes import embedded, environment, leftovers, locks, ports, procfile, state, welcome
from inbox.processes.errors import CannotStart
from inbox.processes.output import write
from inbox.processes.program import Program
from inbox.processes.servers import READY_SECONDS, Server
from inbox.processes.supervisor import Supervisor

GRACE_SECONDS = 20
PATIENCE_SECONDS = 10
ANSWER_SECONDS = 120
TRIES = 3
NAME_WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for on the command line; `steps` are manage.py commands to run first."""

    is_demo: bool = False
    leave_out: frozenset[str] = frozenset()
    as_json: bool = False
    procfile: Path = state.BASE_DIR / "Procfile"
    steps: tuple[tuple[str, ...], ...] = ()


def run(options: Options) -> None:
    """Run everything until SIGINT, SIGTERM or SIGHUP. Raises CannotStart."""
    folder = state.data_dir()
    with _alone(folder):
        if found := leftovers.end(state.read_run(folder)):
            write(f"Stopped {len(found)} processes left by an earlier run.", to_stderr=True)
        state.forget_run(folder)
        asyncio.run(_House(options, folder).run())


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Have the data folder's servers for oneself; short commands that use them may finish."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with locks.using(folder) as use:
        while not use.have_alone():
            if not use.share():
                message = (
                    f"`manage.py up` already runs on {folder}: "
                    "stop it, or set DATA_DIR and PORT to run a second one."
                )
                raise CannotStart(message)
            if time.monotonic() > deadline:
                message = f"Another `manage.py` command uses the servers of {folder}: end it first."
                raise CannotStart(message)
            time.sleep(0.1)
        yield


@dataclass(slots=True)
class _House:
    """One run of everything, from nothing to nothing."""

    options: Options
    folder: Path
    servers: list[Server] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    told_at: float = 0.0
    supervisor: Supervisor = field(init=False)

    async def run(self) -> None:
        self.supervisor = Supervisor(say=self._say, on_change=self._record)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        try:
            await self._unless_told(self._bring_up())
            await self._unless_told(self.supervisor.wait())
        finally:
            await self._take_down()

    def _on_signal(self) -> None:
        """Stop at the first signal; one that comes a while later ends the patience.

        Some senders signal both the process and its group, which is one wish and not two.
        """
        if not self.told.is_set():
            self.told_at = time.monotonic()
            self.told.set()
        elif time.monotonic() - self.told_at > 1:
            self.supervisor.hurry.set()

    async def _unless_told(self, work: Coroutine[None, None, None]) -> None:
        """Do the work, but drop it once told to stop."""
        doing = asyncio.create_task(work)
        telling = asyncio.create_task(self.told.wait())
        await asyncio.wait({doing, telling}, return_when=FIRST_COMPLETED)
        telling.cancel()
        if self.told.is_set():
            doing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await doing

    async def _bring_up(self) -> None:
        self._find_servers()
        environment.empty_metrics(self.folder)
        values = environment.for_children(self.folder, is_demo=self.options.is_demo)
        programs = self._programs(values)
        for program in programs:
            if program.name in environment.PORT_NAMES:
                port = int(values[environment.PORT_NAMES[program.name]])
                ports.require_free(port, purpose=program.name)
        for server in self.servers:
            self.supervisor.add(server.program)
        for server in self.servers:
            await self._wait_for_server(server)
        for step in self.options.steps:
            await self._step(step, values)
        for program in programs:
            self.supervisor.add(program)
        for program in programs:
            await self._wait_for_answer(program, values)
        tell = welcome.as_json if self.options.as_json else welcome.text
        write(tell(values, [program.name for program in programs]))

    def _find_servers(self) -> None:
        with locks.starting(self.folder):
            names = embedded.names_in_environment(self.folder)
            self.servers = [embedded.settle(self.folder, name) for name in names]
            for name, server in zip(names, self.servers, strict=True):
                os.environ[embedded.VARIABLES[name]] = server.url
            self._record()

    def _programs(self, values: dict[str, str]) -> list[Program]:
        leave_out = set(self.options.leave_out)
        if not self.options.is_demo:
            leave_out.add("simulator")
        return procfile.read(self.options.procfile, leave_out=leave_out, environment=values)

    async def _wait_for_server(self, server: Server) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(server.answers):
            if self.supervisor.ended_count(server.program.name) or time.monotonic() > deadline:
                raise CannotStart(server.complaint())
            await asyncio.sleep(0.02)

    async def _step(self, step: tuple[str, ...], values: dict[str, str]) -> None:
        """Run one manage.py command to its end, writing where we write."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(state.BASE_DIR / "manage.py"),
            *step,
            env=values,
            stdout=sys.stderr if self.options.as_json else None,
            start_new_session=True,
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if status:
            message = f"`manage.py {' '.join(step)}` failed; its reason stands above."
            raise CannotStart(message)

    async def _wait_for_answer(self, program: Program, values: dict[str, str]) -> None:
        """Wait until a program with a port answers there; others are up once they run."""
        name = program.name
        if name not in environment.PORT_NAMES:
            return
        port = int(values[environment.PORT_NAMES[name]])
        deadline = time.monotonic() + ANSWER_SECONDS
        while not await asyncio.to_thread(welcome.is_ready, name, port):
            if self.supervisor.ended_count(name) >= TRIES or time.monotonic() > deadline:
                message = f"{name} does not answer on port {port}; its reason stands above."
                raise CannotStart(message)
            await asyncio.sleep(0.1)

    async def _take_down(self) -> None:
        """The programs first, all together; then Redis; Postgres last."""
        servers = [server.program.name for server in self.servers]
        programs = [name for name in self.supervisor.names() if name not in servers]
        if self.supervisor.names():
            self._say("up", "stopping")
        for names in (programs, *([name] for name in reversed(servers))):
            await self.supervisor.stop(names, grace_seconds=GRACE_SECONDS)
            self.supervisor.hurry.clear()
        await self.supervisor.close()
        state.forget_run(self.folder)
        if self.supervisor.names():
            self._say("up", "stopped")

    def _record(self) -> None:
        """Write run.json anew; a full disk must not end the supervision."""
        run = state.Run(
            database_url=os.environ.get("DATABASE_URL", ""),
            redis_url=os.environ.get("REDIS_URL", ""),
            processes=self.supervisor.heads(),
        )
        try:
            state.write_run(self.folder, run)
        except CannotStart as problem:
            self._say("up", str(problem))

    def _say(self, name: str, line: str) -> None:
        write(f"{name:<{NAME_WIDTH}} | {line}", to_stderr=self.options.as_json)
