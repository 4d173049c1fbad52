"""Two agents, one customer, in two browsers: nobody answers twice, nobody loses a word."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import ask, bubble, open_conversation, write

pytestmark = pytest.mark.browser

TEXT = "textarea[name=text]"


def strip(page: Page, words: str):
    return page.locator(".lease > .strip:visible", has_text=words)


def test_a_turn_is_seen_taken_over_and_taken_back(demo, log_in, problems) -> None:
    write(demo, "351910000831", "Turn Teles")
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    for page in (alice, bob):
        open_conversation(page, "Turn Teles")
    row = bob.locator(".conversation", has_text="Turn Teles")
    expect(row.locator(".presence .agent")).to_have_attribute("data-doing", "looking")
    expect(strip(bob, "is looking at this conversation")).to_be_visible()
    alice.locator(TEXT).press_sequentially("Sábado às 16h")
    expect(strip(bob, "is replying here")).to_be_visible()
    expect(row.locator("[data-presence]")).to_contain_text("is replying")
    expect(bob.locator("presence-pile .agent")).to_have_attribute("data-doing", "replying")
    bob.get_by_role("button", name="Take over", exact=True).click()
    expect(strip(bob, "is replying here")).to_have_count(0)
    expect(strip(alice, "took over at")).to_contain_text("Your text is kept")
    expect(alice.locator(TEXT)).to_have_value("Sábado às 16h")
    alice.press(TEXT, "Enter")
    expect(alice.locator(".guard")).to_contain_text("is replying here")
    expect(alice.locator(TEXT)).to_have_value("Sábado às 16h")
    alice.get_by_role("button", name="Take over and send").click()
    expect(bubble(alice, "Sábado às 16h")).to_have_count(1)
    expect(bubble(bob, "Sábado às 16h")).to_have_count(1)
    expect(strip(bob, "took over at")).to_be_visible()
    alice.close()
    expect(row.locator(".presence")).to_have_count(0)
    problems[:] = [each for each in problems if "409" not in each]


def test_what_was_not_seen_stops_a_reply_above_its_untouched_text(demo, log_in, problems) -> None:
    write(demo, "351910000832", "Guard Gomes")
    page = log_in("alice@example.com")
    open_conversation(page, "Guard Gomes")
    page.fill(TEXT, "Até sábado!")
    page.route("**/messages/?after=*", lambda route: route.abort())
    said = {"from": "351910000832", "type": "text", "text": {"body": "Afinal domingo"}}
    ask(f"{demo.phone}/sim/inbound", "POST", said)
    expect(page.locator(".conversation", has_text="Guard Gomes")).to_contain_text("Afinal domingo")
    page.press(TEXT, "Enter")
    expect(page.locator(".guard-item")).to_contain_text("Afinal domingo")
    expect(page.locator(TEXT)).to_have_value("Até sábado!")
    page.unroute("**/messages/?after=*")
    page.get_by_role("button", name="Send anyway").click()
    expect(bubble(page, "Até sábado!")).to_have_count(1)
    expect(page.locator(".guard")).to_have_count(0)
    problems[:] = [each for each in problems if "409" not in each and "ERR_FAILED" not in each]


def test_without_a_socket_or_a_script_turns_are_taken_too(demo, log_in) -> None:
    write(demo, "351910000833", "Plain Prates")
    alice = log_in("alice@example.com", java_script_enabled=False)
    bob = log_in("bob@example.com")
    bob.route_web_socket("**/ws/", lambda socket: socket.close())
    bob.add_init_script("delete globalThis.SharedWorker;")
    bob.reload()
    open_conversation(bob, "Plain Prates")
    bob.locator(TEXT).press_sequentially("Olá")
    expect(bob.locator("[name=lease_token]")).not_to_have_value("")
    alice.get_by_role("link", name="Plain Prates").click()
    expect(alice.locator(".strip", has_text="is replying here.")).to_be_visible()
    alice.get_by_role("button", name="Take over", exact=True).click()
    expect(alice.locator(".strip", has_text="is replying here.")).to_have_count(0)
    expect(strip(bob, "took over at")).to_be_visible()
    expect(bob.locator(TEXT)).to_have_value("Olá")
