"""Whose it is and whether it is done, in a real browser: two agents, keys, and no JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import open_conversation, write

pytestmark = pytest.mark.browser


def leave_fields(page: Page) -> None:
    """Single letters mean something outside fields only."""
    page.evaluate("document.activeElement.blur()")


def test_the_first_claim_wins_and_the_other_learns_who(demo, log_in, problems) -> None:
    write(demo, "351910000801", "Claim Carvalho")
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    for page in (alice, bob):
        open_conversation(page, "Claim Carvalho")
    # Bob's page does not hear of it in time.
    bob.evaluate(
        "document.addEventListener('live:frame', (e) => e.stopImmediatePropagation(), true)"
    )
    stale = bob.locator('[data-triage="claim"]')
    leave_fields(alice)
    alice.keyboard.press("i")
    expect(alice.locator(".thread-assignee")).to_contain_text("You")
    expect(alice.locator("#toasts")).to_contain_text("Yours now")
    if stale.count():
        stale.evaluate("button => button.click()")
        expect(bob.locator("#toasts")).to_contain_text("Alice Moreau was first")
    expect(bob.locator(".thread-assignee")).to_contain_text("Alice Moreau")
    expect(bob.locator(".event", has_text="Alice Moreau took this on")).to_be_visible()
    problems[:] = [each for each in problems if "409" not in each]


def test_resolve_and_next_undo_and_snooze_by_keyboard(demo, log_in) -> None:
    page = log_in("alice@example.com")
    for phone, name in (("351910000802", "Next Neves"), ("351910000803", "Done Duarte")):
        page.wait_for_timeout(1_100)  # customers' messages are dated in whole seconds
        write(demo, phone, name)
        expect(page.locator(".conversation").first).to_contain_text(name)
    open_conversation(page, "Done Duarte")
    page.mouse.move(900, 300)  # rows under the pointer would stay
    leave_fields(page)
    page.keyboard.press("Shift+E")
    expect(page.locator("#thread .thread-name")).to_have_text("Next Neves")
    leave_fields(page)
    page.keyboard.press("z")
    expect(page.locator("#thread .thread-name")).to_have_text("Done Duarte")
    expect(page.locator(".event", has_text="You reopened this")).to_be_visible()
    leave_fields(page)
    page.keyboard.press("s")
    expect(page.locator("details[data-menu=snooze] .menu-item").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#tool-snooze")).to_be_focused()
    page.keyboard.press("s")
    page.fill("#snooze-until", "tomorrow 9:30")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Snoozed until")
    expect(page.locator(".conversation", has_text="Done Duarte")).to_have_count(0)


def test_without_javascript_a_page_assigns_and_resolves(demo, log_in) -> None:
    write(demo, "351910000804", "Plain Prado")
    page = log_in("alice@example.com", java_script_enabled=False)
    page.get_by_role("link", name="Plain Prado").click()
    page.locator("#tool-assign").click()
    page.get_by_role("button", name="Bob Fernandes").click()
    expect(page.locator(".thread-assignee")).to_contain_text("Bob Fernandes")
    expect(page.locator(".event", has_text="You assigned this to Bob Fernandes")).to_be_visible()
    here = page.url
    page.locator("#tool-resolve").click()
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    page.locator("#toasts [data-undo]").click()
    expect(page.locator("#thread .thread-name")).to_have_text("Plain Prado")
    assert page.url == here


def test_on_a_telephone_the_menus_fold_into_one(demo, log_in) -> None:
    write(demo, "351910000805", "Phone Faria")
    page = log_in("alice@example.com", viewport={"width": 390, "height": 844})
    open_conversation(page, "Phone Faria")
    expect(page.locator("#tool-assign")).to_be_hidden()
    page.locator("#tool-more").click()
    page.locator("[data-open-menu=assign]").click()
    page.locator("details[data-menu=assign] .menu-item", has_text="Bob Fernandes").click()
    expect(page.locator("#toasts")).to_contain_text("Assigned to Bob Fernandes")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
