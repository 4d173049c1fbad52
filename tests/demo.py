"""A whole demo, every process and the simulator too, for tests that look at it from outside."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inbox.processes.state import BASE_DIR
from tests import free_ports

READY = "Ctrl-C stops everything"
START_SECONDS = 90
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "TESTING")


@dataclass(frozen=True, slots=True)
class Demo:
    """Where a running demo answers, and where its data lies."""

    port: int
    folder: Path

    @property
    def inbox(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def phone(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"


def running_demo() -> Iterator[Demo]:
    """`manage.py up --demo` on free ports, with data of its own, until the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="inbox-demo-"))
    folder.chmod(0o711)
    port = free_ports.three_in_a_row()
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    environment |= {"PORT": str(port), "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
    # What is said leaves at once, unless a test wants to undo it.
    environment.setdefault("UNDO_SECONDS", "0")
    log = folder / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--demo"],
            cwd=BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(process, log)
        yield Demo(port, folder)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while READY not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        time.sleep(0.1)
