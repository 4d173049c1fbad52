"""Words that are on their way survive everything: no network, a reload, a closed tab, a restart."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.acting import open_conversation, say, write

pytestmark = pytest.mark.browser
REPLIES = "**/reply/"
HOUR = 3600


@pytest.fixture(autouse=True)
def _failures_are_expected(problems: list[str]) -> Iterator[None]:
    """A browser notes what it could not load; anything else is still a problem."""
    yield
    noted = ("Failed to load resource", "WebSocket connection to", "htmx:")
    problems[:] = [problem for problem in problems if not problem.startswith(noted)]


def queue(page: Page, text: str) -> None:
    page.fill("textarea[name=text]", text)
    page.press("textarea[name=text]", "Enter")


def said(page: Page) -> list[str]:
    """The agent's bubbles that the server has, from top to bottom."""
    texts = page.locator(".message[id][data-direction=out] .bubble-text").all_inner_texts()
    return [text.strip() for text in texts]


def test_replies_written_offline_outlive_a_reload_and_leave_in_order_once(demo, log_in):
    write(demo, "351910000401", "Olga Brito")
    page = log_in("alice@example.com")
    open_conversation(page, "Olga Brito")
    expect(page.locator("[data-live-pulse]")).to_have_attribute("data-state", "live")
    page.context.set_offline(True)
    for text in ("One", "Two", "Three"):
        queue(page, text)
    expect(page.locator(".live-status [data-when=offline]")).to_contain_text("3 messages will be")
    expect(page.locator("[data-client-id] .verdict")).to_have_count(3)
    page.context.route(REPLIES, lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("[data-client-id] .verdict").last).to_contain_text("waits for the reply")
    assert said(page) == []
    page.context.unroute(REPLIES)
    page.locator("[data-client-id] [data-do=retry]").first.click()
    expect(page.locator("[data-client-id]")).to_have_count(0)
    assert said(page) == ["One", "Two", "Three"]
    page.reload()
    assert said(page) == ["One", "Two", "Three"]


def test_what_a_closed_tab_has_left_behind_another_one_sends(demo, log_in):
    write(demo, "351910000402", "Paulo Reis")
    first = log_in("alice@example.com")
    second = first.context.new_page()
    sockets: list[str] = []
    second.on("websocket", lambda socket: sockets.append(socket.url))
    open_conversation(first, "Paulo Reis")
    second.goto(f"{demo.inbox}/")
    expect(second.locator("[data-live-pulse]")).to_have_attribute("data-state", "live")
    first.context.route(REPLIES, lambda route: route.abort())
    queue(first, "Até já, Paulo.")
    open_conversation(second, "Paulo Reis")
    expect(second.locator("[data-client-id] .verdict")).to_be_visible()
    first.close()
    second.context.unroute(REPLIES)
    second.locator("[data-client-id] [data-do=retry]").click()
    expect(second.locator("[data-client-id]")).to_have_count(0)
    assert said(second) == ["Até já, Paulo."]
    write(demo, "351910000403", "Quim Sá")
    expect(second.locator(".conversation", has_text="Quim Sá")).to_be_visible()
    assert sockets == []  # it has shared the first one's


def test_a_killed_server_costs_a_delay(demo, log_in):
    write(demo, "351910000404", "Raul Melo")
    page = log_in("alice@example.com")
    open_conversation(page, "Raul Melo")
    expect(page.locator("[data-live-pulse]")).to_have_attribute("data-state", "live")
    run = json.loads((demo.folder / "run.json").read_text())
    os.kill(run["processes"]["web"], signal.SIGKILL)
    bubble = say(page, "Ainda cá estou.")
    expect(page.locator("[data-client-id]")).to_have_count(1)
    expect(bubble).to_have_attribute(
        "data-status", re.compile("sent|delivered|read"), timeout=40_000
    )
    expect(page.locator("[data-client-id]")).to_have_count(0)
    write(demo, "351910000404", "Raul Melo")
    expect(page.locator(".message[data-direction=in]")).to_have_count(2)


def test_a_computer_that_slept_for_hours_is_right_at_once(demo, log_in):
    write(demo, "351910000405", "Sara Nunes", seconds_ago=17 * HOUR)
    page = log_in("alice@example.com", service_workers="block")
    asleep = False

    def relay(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda message: None if asleep else route.send(message))

    page.add_init_script("delete globalThis.SharedWorker")
    page.route_web_socket("**/ws/", relay)
    page.clock.install()
    open_conversation(page, "Sara Nunes")
    page.reload()
    expect(page.locator("[data-live-pulse]")).to_have_attribute("data-state", "live")
    asleep = True
    write(demo, "351910000406", "Tito Vaz")
    page.wait_for_timeout(1500)
    expect(page.locator(".conversation", has_text="Tito Vaz")).to_have_count(0)
    asleep = False
    page.clock.fast_forward("08:00:00")
    expect(page.locator(".conversation", has_text="Tito Vaz")).to_be_visible()
    expect(page.locator("reply-composer")).to_have_attribute("data-window", "closed")
