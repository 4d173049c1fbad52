"""What agents and customers do in a demo, as the browser tests say it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect


def ask(url: str, method: str, body: Any = None, token: str = "") -> Any:
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - a demo on this machine
        return json.loads(answer.read() or b"null")


def write(demo, phone: str, name: str, *, seconds_ago: int = 0) -> None:
    """A customer writes, or wrote."""
    body = {"from": phone, "name": name, "type": "text", "text": {"body": "Bom dia"}}
    at = {"timestamp": str(int(time.time()) - seconds_ago)} if seconds_ago else {}
    ask(f"{demo.phone}/sim/inbound", "POST", {**body, **at})


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.1)


def open_conversation(page: Page, name: str) -> None:
    page.locator(".conversation", has_text=name).get_by_role("link").first.click()
    expect(page.locator("#thread .thread-name")).to_have_text(name)


def say(page: Page, text: str) -> Locator:
    """Send a reply; its bubble once the server has it."""
    page.fill("textarea[name=text]", text)
    page.press("textarea[name=text]", "Enter")
    return bubble(page, text)


def bubble(page: Page, text: str) -> Locator:
    return page.locator(".message[id][data-direction=out]", has_text=text)


def agree(page: Page) -> None:
    """Note beside the conversation that the customer may be written to."""
    page.get_by_role("link", name="Contact", exact=True).click()
    page.fill("#consent input[name=proof]", "At the counter")
    page.get_by_role("button", name="They agreed").click()
    page.wait_for_load_state()


def choose(page: Page, name: str) -> None:
    page.locator(f"#picker [data-template-name={name}]").first.click()
    expect(page.locator("#picker-preview")).to_be_visible()
    # Faster than any hand: fields listen only once htmx has settled what it swapped in.
    expect(page.locator("#picker.htmx-settling, #picker .htmx-added")).to_have_count(0)


def look_for_templates(page: Page) -> None:
    """Look again in a picker that was opened by hand, until the list has been fetched."""
    expect(page.locator("#picker-form")).to_be_visible()
    for _ in range(20):
        page.wait_for_timeout(500)
        if page.locator("#picker .picker-item").count():
            return
        page.get_by_role("link", name="Look again").click()
    raise AssertionError("no templates")
