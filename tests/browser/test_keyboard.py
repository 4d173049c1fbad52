"""The keyboard alone: a day of work, the palette, own keys, and a focus that is never lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import bubble, write

pytestmark = pytest.mark.browser


def has_focus(page: Page, selector: str) -> None:
    expect(page.locator(selector).and_(page.locator(":focus"))).to_have_count(1)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def enter(page: Page, address: str) -> None:
    """Log in without a mouse."""
    page.goto(f"{address}/login/")
    page.locator("input[name=email]").focus()
    page.keyboard.type("alice@example.com")
    press(page, "Tab")
    page.keyboard.type("demo-inbox")
    press(page, "Enter")
    page.wait_for_url(f"{address}/")
    expect(page.locator("html[data-ready]")).to_have_count(1)


def command(page: Page, words: str, title: str) -> None:
    """Call a command up by some of its letters, and run it."""
    press(page, "Control+k")
    has_focus(page, "#palette-text")
    page.keyboard.type(words)
    expect(page.locator('.palette-item[aria-selected="true"] .palette-words')).to_have_text(title)
    press(page, "Enter")
    expect(page.locator("#palette")).to_be_hidden()


def jump(page: Page, name: str) -> None:
    command(page, name, name)
    expect(page.locator("#thread .thread-name")).to_have_text(name)


THREAD = "#thread > .region-scroll"


def answer(page: Page) -> None:
    """A reply and a note, and out of the field again."""
    press(page, "r")
    page.keyboard.type("Good morning, Kai")
    press(page, "Enter")
    expect(bubble(page, "Good morning, Kai")).to_be_visible()
    has_focus(page, "#composer-text")
    press(page, "Escape")
    has_focus(page, THREAD)
    press(page, "n")
    page.keyboard.type("He likes almonds")
    press(page, "Enter")
    expect(page.locator(".message[id][data-kind=note]", has_text="almonds")).to_be_visible()
    press(page, "Escape")


def take_and_snooze(page: Page) -> None:
    """Mine, and out of the way: the next one is there."""
    press(page, "i")
    expect(page.locator("#tool-assign")).to_contain_text("You")
    press(page, "s")
    has_focus(page, "#thread-tools .menu-item")
    press(page, "ArrowDown", "Enter")
    expect(page.locator("#toasts")).to_contain_text("Snoozed until")
    expect(page.locator("#thread .thread-name")).not_to_have_text("Kai Early")
    has_focus(page, THREAD)


def look_up_and_begin(page: Page, name: str) -> None:
    """The help, and somebody to write to."""
    press(page, "?")
    expect(page.locator("#keys-help")).to_contain_text("Resolve and next")
    press(page, "Escape")
    has_focus(page, THREAD)
    press(page, "c")
    has_focus(page, "#start-text")
    page.keyboard.type(name)
    expect(page.locator(".start-person")).to_contain_text(name)
    press(page, "ArrowDown")
    has_focus(page, ".start-person")
    press(page, "Enter")
    expect(page.locator("#thread .thread-name")).to_have_text(name)
    has_focus(page, THREAD)


def test_a_whole_day_by_keyboard_only(demo, open_page) -> None:
    for number, name in enumerate(["Kai Early", "Kai Middle", "Kai Late"]):
        write(demo, f"35196610000{number}", name)
    page = open_page()
    enter(page, demo.inbox)
    expect(page.locator(".conversation", has_text="Kai Late")).to_be_visible()
    press(page, "j")
    has_focus(page, ".conversation-link")
    jump(page, "Kai Early")
    has_focus(page, THREAD)
    answer(page)
    take_and_snooze(page)
    jump(page, "Kai Middle")
    press(page, "Shift+E")
    expect(page.locator("#toasts")).to_contain_text("Resolved")
    expect(page.locator("#thread .thread-name")).not_to_have_text("Kai Middle")
    has_focus(page, THREAD)
    look_up_and_begin(page, "Kai Late")


def test_the_palette_is_over_what_one_writes_and_gives_it_back(demo, log_in) -> None:
    write(demo, "351966200001", "Kim Palette")
    page = log_in("alice@example.com")
    jump(page, "Kim Palette")
    press(page, "r")
    page.keyboard.type("one two")
    press(page, "ArrowLeft", "ArrowLeft", "ArrowLeft", "Control+k")
    field = page.locator("#palette-text")
    expect(field).to_have_attribute("aria-activedescendant", "palette-item-0")
    titles = page.locator(".palette-words")
    expect(titles.filter(has_text="Labels › Custom cakes")).to_have_count(1)
    # Nothing to undo, and nothing to reopen: neither is offered.
    expect(titles.filter(has_text=re.compile("^(Undo|Reopen)$"))).to_have_count(0)
    page.keyboard.type("resnex")
    expect(titles.first).to_have_text("Resolve and next")
    expect(page.locator(".palette-item").first.locator("kbd")).to_have_text(["⇧", "E"])
    expect(page.locator(".palette-count")).to_have_text("2 commands")
    press(page, "ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "palette-item-1")
    press(page, "Escape")
    has_focus(page, "#composer-text")
    page.keyboard.type("and ")
    expect(page.locator("#composer-text")).to_have_value("one and two")
    command(page, "snooze tomorrow 14:30", "Snooze until “tomorrow 14:30”")
    expect(page.locator("#toasts")).to_contain_text("14:30")


def test_keys_are_ones_own_and_single_ones_can_be_turned_off(demo, log_in) -> None:
    write(demo, "351966300001", "Kit Own")
    page = log_in("bob@example.com")
    command(page, "change keys", "Change keys")
    page.wait_for_url("**/settings/keys/")
    page.locator("#key-resolve").focus()
    press(page, "Backspace")
    page.locator("#key-claim").focus()
    press(page, "Shift+d")
    expect(page.locator("#key-claim")).to_have_value("Shift+D")
    press(page, "Enter")
    expect(page.locator("#toasts")).to_contain_text("Kept")
    press(page, "1")
    page.wait_for_url("**/?view=mine")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    jump(page, "Kit Own")
    press(page, "e", "i", "Shift+d")
    expect(page.locator("#tool-assign")).to_contain_text("You")
    expect(page.locator("#tool-resolve")).to_contain_text("Resolve")
    press(page, "?")
    line = page.locator(".sheet-line", has_text="Assign to me")
    expect(line.locator("kbd")).to_have_text(["⇧", "D"])
    press(page, "Escape")
    turn_single_keys_off(page, demo.inbox)


def turn_single_keys_off(page: Page, address: str) -> None:
    """Letters do nothing any more; and then all is as usual again."""
    page.goto(f"{address}/settings/keys/")
    page.locator("#has-single-keys").focus()
    press(page, "Space")
    page.get_by_role("button", name="Keep").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Kept")
    press(page, "?", "c", "1")
    expect(page.locator("#keys-help")).to_be_hidden()
    page.get_by_role("button", name="The usual keys").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("usual")


def test_the_focus_outlives_the_row_it_is_on(demo, log_in) -> None:
    for number, name in enumerate(["Kay One", "Kay Two"]):
        write(demo, f"35196640000{number}", name)
    page = log_in("alice@example.com")
    row = page.locator(".conversation", has_text="Kay One")
    row.locator(".conversation-link").focus()
    write(demo, "351966400000", "Kay One")
    expect(row.locator(".count")).to_have_text("2")
    has_focus(page, ".conversation-link:text-is('Kay One')")
    number = row.get_attribute("data-id")
    page.evaluate("id => document.getElementById(`conversation-${id}`).remove()", number)
    has_focus(page, ".conversation-link")
