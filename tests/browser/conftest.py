"""A whole demo (every process, the simulator too) and Chromium pages that report every error."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from inbox.processes.state import BASE_DIR
from tests import chromium

READY = "Ctrl-C stops everything"
START_SECONDS = 90
expect.set_options(timeout=15_000)
OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "TESTING")


@dataclass(frozen=True, slots=True)
class Demo:
    """Where a running demo answers."""

    port: int

    @property
    def inbox(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def phone(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """`manage.py up --demo` on free ports, with data of its own, until the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="inbox-demo-"))
    folder.chmod(0o711)
    port = _free_ports()
    environment = {key: value for key, value in os.environ.items() if key not in OURS}
    environment |= {"PORT": str(port), "DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
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
        yield Demo(port)
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


def _free_ports() -> int:
    """The first of three free ports in a row."""
    for port in range(20_000 + os.getpid() % 5_000, 60_000, 3):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for offset in range(3):
                listener = stack.enter_context(socket.socket())
                listener.bind(("127.0.0.1", port + offset))
            return port
    raise AssertionError("no three free ports in a row")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Whatever Chromium this machine has, without talking to the world."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium.find(),
        "args": [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
        ],
    }


@pytest.fixture
def problems() -> Iterator[list[str]]:
    """Console errors, page errors and policy violations of every page; there must be none."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def open_page(browser: Browser, problems: list[str]) -> Iterator[Callable[..., Page]]:
    """Opens pages in contexts (and so sessions) of their own."""
    with contextlib.ExitStack() as stack:

        def opener(**options: Any) -> Page:
            context = browser.new_context(**options)
            stack.callback(context.close)
            page = context.new_page()
            page.on(
                "console",
                lambda message: (
                    problems.append(message.text) if message.type in {"error", "warning"} else None
                ),
            )
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.set_default_timeout(15_000)
            return page

        yield opener


@pytest.fixture
def log_in(demo: Demo, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """Opens the inbox as one of the demo's people."""

    def enter(email: str, **options: Any) -> Page:
        page = open_page(**options)
        page.goto(f"{demo.inbox}/login/")
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", "demo-inbox")
        page.locator("form:has(input[name=password]) button[type=submit]").click()
        page.wait_for_url(f"{demo.inbox}/")
        return page

    return enter
