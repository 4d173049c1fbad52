"""What an agent writes: kept while it is typed, called up by keys, undone, sent later."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import ask, bubble, open_conversation, say, until, write

pytestmark = pytest.mark.browser

FIELD = "#composer-text"


def api(demo, email: str):
    """Calls of somebody's program."""
    credentials = {"email": email, "password": "demo-inbox"}
    token = ask(f"{demo.inbox}/api/v1/auth/token/", "POST", credentials)["token"]
    return lambda path, body: ask(f"{demo.inbox}/api/v1/{path}", "POST", body, token)


def reached(demo, text: str) -> bool:
    rows = ask(f"{demo.phone}/sim/ledger", "GET")["results"]
    return any((row.get("text") or {}).get("body") == text for row in rows)


def canned(page: Page, demo, shortcut: str, text: str) -> None:
    page.goto(f"{demo.inbox}/settings/canned/")
    page.fill("#id_shortcut", shortcut)
    page.fill("#id_text", text)
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".people-row", has_text=f"/{shortcut}")).to_be_visible()
    page.goto(demo.inbox)


def test_a_draft_survives_a_reload_and_shows_to_the_colleague(demo, log_in) -> None:
    write(demo, "351910000821", "Draft Dinis")
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    open_conversation(bob, "Draft Dinis")
    open_conversation(alice, "Draft Dinis")
    alice.locator(FIELD).press_sequentially("Half a thou")
    expect(alice.get_by_text("Draft saved")).to_be_visible()
    expect(bob.locator("drafts-beside")).to_contain_text("Alice Moreau has a draft here")
    expect(bob.locator(FIELD)).to_have_value("")
    alice.locator(FIELD).press_sequentially("ght")
    alice.reload()
    expect(alice.locator(FIELD)).to_have_value("Half a thought")
    bob.goto(demo.inbox)
    row = bob.locator(".conversation", has_text="Draft Dinis")
    expect(row).to_contain_text("Draft by Alice Moreau")
    say(alice, "A whole one")
    expect(row).not_to_contain_text("Draft by")


def test_a_note_names_a_colleague_by_keyboard_and_no_customer_gets_it(demo, log_in) -> None:
    write(demo, "351910000822", "Note Nunes")
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    open_conversation(alice, "Note Nunes")
    alice.locator("#thread .thread-name").click()
    alice.keyboard.press("n")
    expect(alice.locator(FIELD)).to_be_focused()
    alice.keyboard.type("Can you take it @bo")
    expect(alice.locator("#composer-suggestions", has_text="Bob Fernandes")).to_be_visible()
    alice.keyboard.press("Enter")
    alice.keyboard.type("please")
    alice.keyboard.press("Enter")
    note = alice.locator(".message[id][data-kind=note]")
    expect(note.locator(".mention")).to_have_text("@Bob Fernandes")
    open_conversation(bob, "Note Nunes")
    expect(bob.locator(".message[data-kind=note]")).to_contain_text("@Bob Fernandes please")
    say(bob, "Taken, customer")
    until(lambda: reached(demo, "Taken, customer"))
    assert not reached(demo, "Can you take it @Bob Fernandes please")


def test_a_canned_reply_by_keys_is_scheduled_and_taken_back(demo, log_in) -> None:
    write(demo, "351910000823", "Canned Costa")
    page = log_in("alice@example.com")
    canned(page, demo, "opening", "Dear {{contact.first_name}}, from 7:30. {{agent.first_name}}")
    open_conversation(page, "Canned Costa")
    page.locator(FIELD).press_sequentially("/open")
    expect(page.locator("#composer-suggestions", has_text="/opening")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(FIELD)).to_have_value("Dear Canned, from 7:30. Alice")
    page.get_by_role("button", name="Send later").click()
    page.locator("send-later .menu-item", has_text="Tomorrow, 09:00").click()
    planned = bubble(page, "Dear Canned")
    expect(planned.locator(".verdict")).to_contain_text("Scheduled for Tomorrow, 09:00")
    planned.get_by_role("button", name="Take back").click()
    expect(planned).to_be_hidden()
    expect(page.locator(FIELD)).to_have_value("Dear Canned, from 7:30. Alice")
    assert not reached(demo, "Dear Canned, from 7:30. Alice")


def test_at_zero_the_field_becomes_the_template_picker_and_a_note_is_still_possible(
    demo, log_in
) -> None:
    page = log_in("alice@example.com")
    write(demo, "351910000824", "Zero Zagalo", seconds_ago=24 * 3600 - 10)
    open_conversation(page, "Zero Zagalo")
    expect(page.locator("reply-composer")).to_have_attribute("data-window", "closing")
    page.locator(FIELD).press_sequentially("Too slow")
    expect(page.locator("#picker-form")).to_be_visible()
    expect(page.locator(FIELD)).to_be_hidden()
    page.locator("#picker [data-mode-tab=note]").click()
    expect(page.locator(FIELD)).to_be_enabled()
    page.keyboard.type("Call her instead")
    page.keyboard.press("Enter")
    expect(page.locator(".message[id][data-kind=note]")).to_contain_text("Call her instead")
