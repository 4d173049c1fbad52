"""The panel beside a conversation, in a browser: edited in place, blocked, and read on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import open_conversation, write

pytestmark = pytest.mark.browser


def open_panel(page: Page) -> None:
    page.locator("[data-panel-open]").click()
    expect(page.locator("#panel .panel-head")).to_be_visible()


def test_a_detail_is_noted_by_keyboard_and_the_name_follows_everywhere(demo, log_in) -> None:
    write(demo, "351910000731", "Nadia Nunes")
    page = log_in("alice@example.com")
    open_conversation(page, "Nadia Nunes")
    open_panel(page)
    page.locator("#contact-details [data-new] > summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Shoe size")
    page.keyboard.press("Tab")
    page.keyboard.type("42")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#contact-details .panel-details")).to_contain_text("Shoe size")
    page.locator(".panel-rename > summary").click()
    page.fill("#contact-name", "Nádia Nunes Reis")
    page.press("#contact-name", "Enter")
    expect(page.locator("#thread .thread-name")).to_have_text("Nádia Nunes Reis")
    expect(page.locator("#list .conversation", has_text="Nádia Nunes Reis")).to_be_visible()


def test_somebody_blocked_is_quiet_in_every_tab(demo, log_in) -> None:
    write(demo, "351910000732", "Rui Ruidoso")
    page = log_in("alice@example.com")
    open_conversation(page, "Rui Ruidoso")
    open_panel(page)
    page.locator("#contact-block").click()
    expect(page.locator("#thread-blocked")).to_contain_text("This contact is blocked.")
    expect(page.locator("#contact-block")).to_contain_text("Unblock")
    write(demo, "351910000732", "Rui Ruidoso")
    expect(page.locator(".message[data-direction=in]")).to_have_count(2)
    row = page.locator("#list .conversation", has_text="Rui Ruidoso")
    expect(row).not_to_have_attribute("data-unread", "")
    page.locator("#thread-blocked button").click()
    expect(page.locator("#thread-blocked .strip")).to_have_count(0)


def test_on_a_phone_without_scripts_it_is_a_page_with_a_way_back(demo, log_in) -> None:
    write(demo, "351910000733", "Filipa Fonseca")
    phone = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
    page = log_in("alice@example.com", **phone)
    page.goto(f"{demo.inbox}/contacts/?q=filipa")
    page.get_by_role("link", name="Filipa Fonseca").first.click()
    page.locator("[data-panel-open]").click()
    page.locator("#contact-details [data-new] > summary").click()
    page.fill("#detail-0-name", "Allergies")
    page.fill("#detail-0-value", "Walnut")
    page.locator("#contact-details [data-new]").get_by_role("button", name="Save").click()
    expect(page.locator("#contact-details .panel-details")).to_contain_text("Walnut")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="Back to the conversation").click()
    expect(page.locator("#thread .thread-name")).to_have_text("Filipa Fonseca")
