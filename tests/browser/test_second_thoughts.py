"""Waiting for a limit of ours, taking back what waits, and trying again what has failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import (
    agree,
    ask,
    bubble,
    choose,
    look_for_templates,
    open_conversation,
    say,
    write,
)

pytestmark = pytest.mark.browser

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def reached(demo, text: str) -> int:
    """How many of them the customers' phones got."""
    rows = ask(f"{demo.phone}/sim/ledger", "GET")["results"]
    return sum((row.get("text") or {}).get("body") == text for row in rows)


def test_it_waits_for_our_own_limit_and_leaves_or_is_taken_back(demo, log_in, switch) -> None:
    """Once the platform has said that it is too much, nothing is left of the pair's burst, and
    our own limit lets one leave in six seconds.
    """
    write(demo, "351910000721", "Limit Leal")
    page = log_in("alice@example.com")
    open_conversation(page, "Limit Leal")
    switch(pair_limited=True)
    first = say(page, "Too quick")
    expect(first.locator(".verdict")).to_contain_text("Slowed by WhatsApp for this customer")
    switch()
    wanted, unwanted = say(page, "One more"), say(page, "On second thoughts")
    unwanted.get_by_role("button", name="Take back").click()
    expect(unwanted).to_have_attribute("data-status", "discarded")
    expect(unwanted.locator(".verdict")).to_have_count(0)
    expect(wanted.locator(".verdict")).to_contain_text("only so many messages in a row")
    expect(wanted.locator(".verdict")).to_contain_text("by itself within a few seconds")
    expect(wanted.get_by_role("button", name="Take back")).to_be_visible()
    expect(wanted).to_have_attribute("data-status", "read")
    expect(wanted.locator(".verdict")).to_have_count(0)
    assert (reached(demo, "One more"), reached(demo, "On second thoughts")) == (1, 0)


def fail(page: Page, demo, switch: Callable[..., None], text: str) -> Any:
    """A message that becomes a dead letter; its bubble, with everything mended behind it."""
    switch(fail_code=131030)
    failed = say(page, text)
    expect(failed).to_have_attribute("data-status", "failed")
    switch()
    return failed


def test_a_dead_letter_leaves_once_by_a_button_in_the_conversation(demo, log_in, switch) -> None:
    write(demo, "351910000723", "Dead Dias")
    page = log_in("alice@example.com")
    open_conversation(page, "Dead Dias")
    failed = fail(page, demo, switch, "Once more from here")
    failed.get_by_role("button", name="Send again").click()
    expect(failed).to_have_attribute("data-status", "read")
    assert reached(demo, "Once more from here") == 1


def test_a_dead_letter_leaves_once_by_a_button_in_the_admin(demo, log_in, switch) -> None:
    write(demo, "351910000724", "Dead Dantas")
    page, admin = log_in("alice@example.com"), log_in("admin@example.com")
    open_conversation(page, "Dead Dantas")
    failed = fail(page, demo, switch, "Once more from there")
    letters = f"{demo.inbox}/admin/messaging/deadletter/?state__exact=failed&code=131030"
    admin.goto(letters)
    admin.get_by_role("button", name="Try again").click()
    expect(admin.locator(".messagelist")).to_contain_text("1 dead letters are tried again")
    expect(failed).to_have_attribute("data-status", "read")
    assert reached(demo, "Once more from there") == 1
    admin.goto(letters)
    expect(admin.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_file_is_chosen_in_the_picker_and_leaves_with_its_template(
    demo, log_in, problems
) -> None:
    write(demo, "351910000725", "Paper Paiva")
    page = log_in("alice@example.com")
    open_conversation(page, "Paper Paiva")
    agree(page)
    page.get_by_role("link", name="Template", exact=True).click()
    look_for_templates(page)
    choose(page, "invoice_sent")
    chooser = page.locator('#picker input[type="file"]')
    chooser.set_input_files({"name": "empty.pdf", "mimeType": "application/pdf", "buffer": b""})
    expect(page.locator("#picker [data-upload-error]")).to_contain_text("empty")
    chooser.set_input_files({"name": "conta.pdf", "mimeType": "application/pdf", "buffer": PDF})
    expect(page.locator("#picker-preview .picker-file")).to_contain_text("conta.pdf")
    page.fill('#picker input[name="p.body.1"]', "2026/17")
    page.get_by_role("button", name="Send template").click()
    sent = bubble(page, "Here is invoice 2026/17.")
    expect(sent).to_contain_text("conta.pdf")
    expect(sent).to_have_attribute("data-status", "read")
    problems[:] = [each for each in problems if "422" not in each]
