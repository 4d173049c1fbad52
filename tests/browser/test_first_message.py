"""One customer message in, one reply out: two agents and the phone, nothing reloaded."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser


def write(demo, text: str, *, phone: str, name: str) -> None:
    """A customer writes from the simulator."""
    body = json.dumps({"from": phone, "name": name, "type": "text", "text": {"body": text}})
    request = urllib.request.Request(  # noqa: S310 - the simulator on this machine
        f"{demo.phone}/sim/inbound",
        data=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert answer.status == 202


def mark_page(page: Page) -> None:
    """Leave something behind that only a reload would remove."""
    page.evaluate("window.notReloaded = true")


def was_reloaded(page: Page) -> bool:
    return not page.evaluate("window.notReloaded === true")


def test_a_message_in_and_a_reply_out(demo, log_in, open_page):
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    phone = open_page()
    phone.goto(f"{demo.phone}/")
    mark_page(alice)
    mark_page(bob)

    phone.get_by_text("Carla Mendonça").first.click()
    phone.fill("form[data-role=composer] textarea[name=text]", "Olá! Têm pão de ló hoje?")
    phone.press("form[data-role=composer] textarea[name=text]", "Enter")
    for agent in (alice, bob):
        row = agent.locator(".conversation", has_text="Carla Mendonça")
        expect(row).to_contain_text("Têm pão de ló hoje?")
    alice.locator(".conversation", has_text="Carla Mendonça").get_by_role("link").first.click()
    expect(alice.locator(".message[data-direction=in]").last).to_contain_text("pão de ló")
    bob.locator(".conversation", has_text="Carla Mendonça").get_by_role("link").first.click()

    alice.fill("textarea[name=text]", "Temos sim, Carla!")
    alice.press("textarea[name=text]", "Enter")
    bubble = alice.locator(".message[data-direction=out]", has_text="Temos sim, Carla!")
    expect(bubble).to_have_attribute("data-status", "read")
    expect(bubble).to_have_count(1)
    seen_by_bob = bob.locator(".message[data-direction=out]", has_text="Temos sim, Carla!")
    expect(seen_by_bob).to_have_attribute("data-status", "read")
    expect(phone.locator(".message[data-direction=in]", has_text="Temos sim")).to_have_count(1)
    assert not was_reloaded(alice)
    assert not was_reloaded(bob)


def test_a_reply_to_an_old_state_is_held_back(demo, log_in, problems):
    write(demo, "Do you have rye bread?", phone="351910000777", name="Rui Torres")
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    for agent in (alice, bob):
        agent.locator(".conversation", has_text="Rui Torres").get_by_role("link").first.click()
        expect(agent.locator(".message").last).to_contain_text("rye bread")
    alice.route("**/messages/?*", lambda route: route.abort())  # no news reaches her
    bob.fill("textarea[name=text]", "Yes, fresh today.")
    bob.press("textarea[name=text]", "Enter")
    expect(bob.locator(".message[data-direction=out]").last).to_have_attribute(
        "data-status", "read"
    )

    alice.fill("textarea[name=text]", "Sorry, sold out.")
    alice.press("textarea[name=text]", "Enter")
    expect(alice.locator(".guard")).to_contain_text("Yes, fresh today.")
    expect(alice.locator("textarea[name=text]")).to_have_value("Sorry, sold out.")
    alice.unroute("**/messages/?*")
    alice.get_by_role("button", name="Send anyway").click()
    sent = bob.locator(".message[data-direction=out]", has_text="Sorry, sold out.")
    expect(sent).to_have_attribute("data-status", "read")
    assert all("Failed to load" in problem or "409" in problem for problem in problems)
    problems.clear()


def test_reading_and_replying_without_javascript(demo, log_in):
    write(demo, "Is the shop open on Sunday?", phone="351910000888", name="Ana Lopes")
    page = log_in("alice@example.com", java_script_enabled=False)
    page.get_by_role("link", name="Ana Lopes").click()
    expect(page.locator(".message").last).to_contain_text("open on Sunday")
    page.fill("textarea[name=text]", "Yes, from eight.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".message[data-direction=out]").last).to_contain_text("Yes, from eight.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(demo, log_in, scheme):
    write(demo, "Good morning", phone="351910000999", name="Nuno Dias")
    page = log_in("bob@example.com", viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.locator(".conversation", has_text="Nuno Dias").get_by_role("link").first.click()
    expect(page.locator("textarea[name=text]")).to_be_visible()
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    page.locator(".region-back:visible").first.click()
    expect(page.locator(".conversation").first).to_be_visible()


def test_words_that_are_refused_after_one_has_left_are_there_again(demo, log_in, problems):
    write(demo, "Bom dia!", phone="351910000031", name="Rita Faria")
    write(demo, "Boa tarde!", phone="351910000032", name="Rui Faria")
    page = log_in("alice@example.com")
    page.locator(".conversation", has_text="Rita Faria").get_by_role("link").first.click()
    expect(page.locator(".message", has_text="Bom dia!")).to_be_visible()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/reply/", hold)
    page.fill("textarea[name=text]", "Diga, Rita.")
    page.press("textarea[name=text]", "Enter")
    page.locator(".conversation", has_text="Rui Faria").get_by_role("link").first.click()
    expect(page.locator(".message", has_text="Boa tarde!")).to_be_visible()
    expect(page.locator("textarea[name=text]")).to_have_value("")
    held[0].fulfill(status=422, body="<p>no</p>")
    page.locator(".conversation", has_text="Rita Faria").get_by_role("link").first.click()
    expect(page.locator("textarea[name=text]")).to_have_value("Diga, Rita.")
    assert all("422" in problem for problem in problems)
    problems.clear()
