"""A whole demo (every process, the simulator too) and Chromium pages that report every error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import chromium
from tests.browser.acting import ask
from tests.demo import Demo, running_demo

expect.set_options(timeout=15_000)


demo = pytest.fixture(scope="session")(running_demo)


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
            # Of all its pages: a test may open a second tab.
            context.on(
                "console",
                lambda message: (
                    problems.append(message.text) if message.type in {"error", "warning"} else None
                ),
            )
            context.on("weberror", lambda error: problems.append(str(error.error)))
            page = context.new_page()
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


@pytest.fixture
def switch(demo) -> Iterator[Callable[..., None]]:
    """Lets the platform go wrong, until the test ends or `switch()` mends it."""

    def turn(**faults: Any) -> None:
        ask(f"{demo.phone}/sim/faults", "DELETE")
        ask(f"{demo.phone}/sim/faults", "PUT", faults)

    yield turn
    ask(f"{demo.phone}/sim/faults", "DELETE")
