"""What can become of an agent's message, in a real browser: every way it ends, and what to do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.acting import (
    agree,
    ask,
    bubble,
    choose,
    look_for_templates,
    open_conversation,
    say,
    until,
    write,
)

pytestmark = pytest.mark.browser

DAY_AND_MORE = 26 * 3600
# A message without an answer is somebody's question after a minute.
HOLD_MILLISECONDS = 80_000
ANSWERS = {
    "351910000711": ("Doubt One", "Send again"),
    "351910000712": ("Doubt Two", "Mark as sent"),
    "351910000713": ("Doubt Three", "Discard"),
}


@pytest.fixture(scope="module", autouse=True)
def doubtful(demo, browser: Browser) -> None:
    """Three messages that WhatsApp took and never answered for; they become questions."""
    for phone, (name, _answer) in ANSWERS.items():
        write(demo, phone, name)
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.inbox}/login/")
    page.fill("input[name=email]", "bob@example.com")
    page.fill("input[name=password]", "demo-inbox")
    page.locator("form:has(input[name=password]) button[type=submit]").click()
    ask(f"{demo.phone}/sim/faults", "PUT", {"answer_lost": True, "no_statuses": True})
    for name, _answer in ANSWERS.values():
        open_conversation(page, name)
        expect(say(page, "Nobody knows")).to_be_visible()
    until(lambda: has_reached(demo, set(ANSWERS)))
    ask(f"{demo.phone}/sim/faults", "DELETE")
    context.close()


def has_reached(demo, phones: set[str]) -> bool:
    """Whether all of them have got something from us."""
    return phones <= {row["to"] for row in ask(f"{demo.phone}/sim/ledger", "GET")["results"]}


def test_it_is_sent(demo, log_in) -> None:
    write(demo, "351910000701", "Sent Silva")
    page = log_in("alice@example.com")
    open_conversation(page, "Sent Silva")
    sent = say(page, "On its way")
    expect(sent).to_have_attribute("data-status", "read")
    expect(sent.locator(".verdict")).to_have_count(0)


def test_it_waits_while_the_platform_slows_us(demo, log_in, switch) -> None:
    write(demo, "351910000702", "Slow Soares")
    page = log_in("alice@example.com")
    open_conversation(page, "Slow Soares")
    switch(throttled=True)
    waiting = say(page, "Patience")
    expect(waiting.locator(".verdict")).to_contain_text("Slowed by WhatsApp")
    expect(waiting).to_have_attribute("data-status", "pending")
    switch()
    expect(waiting).to_have_attribute("data-status", "read", timeout=20_000)
    expect(waiting.locator(".verdict")).to_have_count(0)


def test_it_waits_for_the_quota_and_says_until_when(demo, log_in) -> None:
    quota = f"{demo.inbox}/api/v1/rate-limits/whatsapp/quota/"
    owner = {"email": "admin@example.com", "password": "demo-inbox"}
    token = ask(f"{demo.inbox}/api/v1/auth/token/", "POST", owner)["token"]
    write(demo, "351910000703", "Quota Quaresma")
    page = log_in("alice@example.com")
    open_conversation(page, "Quota Quaresma")
    ask(quota, "PUT", {"limit": 0}, token)
    try:
        waiting = say(page, "Next month?")
        expect(waiting.locator(".verdict")).to_contain_text("quota")
        expect(waiting.locator(".verdict")).to_contain_text("Next try:")
        expect(waiting).to_have_attribute("data-status", "pending")
    finally:
        ask(quota, "PUT", {"limit": None}, token)
    expect(waiting).to_have_attribute("data-status", "read")


def test_outside_the_window_a_template_leaves_once_they_agreed(demo, log_in) -> None:
    write(demo, "351910000704", "Closed Costa", seconds_ago=DAY_AND_MORE)
    page = log_in("alice@example.com")
    open_conversation(page, "Closed Costa")
    expect(page.locator("textarea[name=text]")).to_be_hidden()
    expect(page.locator("#picker-form")).to_contain_text("24 hours")
    look_until_fetched(page)
    choose(page, "order_ready")
    expect(page.locator("#picker")).to_contain_text("Nobody has noted")
    expect(page.get_by_role("button", name="Send template")).to_be_disabled()
    agree(page)
    choose(page, "order_ready")
    page.fill('#picker input[name="p.body.1"]', "Rosa")
    expect(page.locator("#picker-preview")).to_contain_text("Hello Rosa, your order {{2}}")
    page.fill('#picker input[name="p.body.2"]', "1042")
    page.press('#picker input[name="p.body.2"]', "Enter")
    sent = bubble(page, "Hello Rosa, your order 1042 is ready")
    expect(sent).to_have_attribute("data-status", "read")
    expect(page.locator("#picker")).to_contain_text("on its way")


def look_until_fetched(page: Page) -> None:
    """A demo that has just begun fetches its templates when somebody first looks."""
    for _ in range(20):
        if page.locator("#picker .picker-item").count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("no templates")


def test_a_blank_that_was_left_says_so_beside_it(demo, log_in, problems) -> None:
    write(demo, "351910000705", "Blank Brito")
    page = log_in("alice@example.com", viewport={"width": 390, "height": 844})
    open_conversation(page, "Blank Brito")
    agree(page)
    page.get_by_role("link", name="Template", exact=True).click()
    look_for_templates(page)
    choose(page, "order_ready")
    page.get_by_role("button", name="Send template").click()
    first = page.locator('#picker input[name="p.body.1"]')
    expect(first).to_have_attribute("aria-invalid", "true")
    expect(first).to_be_focused()
    expect(page.locator("#picker .field-error").first).to_contain_text("needs a value")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.keyboard.press("Escape")
    expect(page.locator("textarea[name=text]")).to_be_focused()
    problems[:] = [each for each in problems if "422" not in each]


def test_a_template_goes_out_without_javascript(demo, log_in) -> None:
    write(demo, "351910000706", "Plain Pires")
    page = log_in("alice@example.com", java_script_enabled=False)
    page.get_by_role("link", name="Plain Pires").click()
    agree(page)
    page.get_by_role("link", name="Template", exact=True).click()
    look_for_templates(page)
    page.locator("#picker [data-template-name=pickup_ready]").click()
    page.get_by_role("button", name="Send template").click()
    expect(bubble(page, "A sua encomenda está pronta")).to_have_count(1)


def test_a_window_that_closed_on_the_way_offers_a_template(demo, log_in, switch) -> None:
    write(demo, "351910000707", "Late Lopes")
    page = log_in("alice@example.com")
    open_conversation(page, "Late Lopes")
    switch(window_closed=True)
    failed = say(page, "Too late")
    expect(failed).to_have_attribute("data-status", "failed")
    expect(failed.locator(".verdict")).to_contain_text("24-hour window closed")
    failed.get_by_role("link", name="Choose a template").click()
    expect(page.locator("#picker-form")).to_be_visible()
    expect(page.locator("textarea[name=text]")).to_be_hidden()


def test_a_refusal_says_why_and_leaves_at_the_second_try(demo, log_in, switch) -> None:
    write(demo, "351910000708", "Dead Duarte")
    page = log_in("alice@example.com")
    open_conversation(page, "Dead Duarte")
    switch(fail_code=131026)
    failed = say(page, "Are you there?")
    expect(failed).to_have_attribute("data-status", "failed")
    expect(failed.locator(".verdict")).to_contain_text("not on WhatsApp")
    switch()
    failed.get_by_role("button", name="Send again").click()
    expect(failed).to_have_attribute("data-status", "read")
    expect(failed).to_have_count(1)
    expect(failed.locator(".verdict")).to_have_count(0)


@pytest.mark.parametrize(("name", "answer"), ANSWERS.values())
def test_a_question_is_answered(log_in, name, answer) -> None:
    page = log_in("alice@example.com")
    open_conversation(page, name)
    doubt = bubble(page, "Nobody knows")
    expect(doubt).to_have_attribute("data-status", "needs_review", timeout=HOLD_MILLISECONDS)
    expect(doubt.locator(".verdict")).to_contain_text("did not confirm")
    doubt.get_by_role("button", name=answer).click()
    ends = {"Send again": "read", "Mark as sent": "accepted", "Discard": "discarded"}
    expect(doubt).to_have_attribute("data-status", ends[answer])
    expect(doubt.locator(".review")).to_have_count(0)
