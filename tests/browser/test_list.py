"""The list in the browser: lists and numbers follow, and nothing jumps under a hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from inbox import filters
from tests.browser.acting import write

pytestmark = pytest.mark.browser

# What the browser says of every row by itself, where it can, for the list of a query.
JUDGE = """async (query) => {
  const script = document.querySelector("script[type=module]").src;
  const { belongs } = await import(new URL("viewer.js", script));
  const { rows } = await (await fetch("/rows/?changed_after=0")).json();
  const judged = rows.map(({ html, read }) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    const row = template.content.querySelector(".conversation");
    row.dataset.read = read;
    return [row.dataset.id, belongs(row, query)];
  });
  const listed = new Set();
  for (let url = `/?${query}`; url;) {
    const page = await (await fetch(url, { headers: { "HX-Request": "true" } })).text();
    for (const [, id] of page.matchAll(/id="conversation-(\\d+)"/g)) listed.add(id);
    const older = page.match(/id="older-rows"><a class="link" href="([^"]+)"/);
    url = older?.[1].replaceAll("&amp;", "&");
  }
  return judged.filter(([id, fits]) => fits !== undefined && fits !== listed.has(id)).map(String);
}"""


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows .conversation", has_text=name)


def number(page: Page, title: str) -> int:
    text = page.locator(f'#views a[title="{title}"] .sidebar-count').inner_text()
    return int(text or 0)


def tick(page: Page, name: str) -> None:
    row(page, name).hover()
    row(page, name).get_by_role("checkbox").check()


def test_lists_and_numbers_follow_and_the_browser_judges_as_the_server(demo, log_in) -> None:
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    bob.locator('#views a[title="Unread"]').click()
    expect(bob.locator("#list h1")).to_have_text("Unread")
    expect(bob.locator("#views [aria-current]")).to_have_attribute("title", "Unread")
    before = number(bob, "Unread")
    # The tabs came with the list and without numbers; those that were there have stayed.
    expect(bob.locator("#number-all")).to_have_text(str(number(bob, "All open")))
    for digit in "123":
        write(demo, f"35191777000{digit}", f"List {digit}")
        expect(row(bob, f"List {digit}")).to_be_visible()
    expect(bob.locator("#rows .conversation").first).to_contain_text("List 3")
    expect(bob.locator('#views a[title="Unread"] .sidebar-count')).to_have_text(str(before + 3))

    row(alice, "List 1").hover()
    row(alice, "List 1").get_by_role("button", name="Assign List 1 to me").click()
    expect(row(alice, "List 1")).to_have_attribute("data-mine", "")
    row(alice, "List 2").hover()
    row(alice, "List 2").get_by_role("button", name="Snooze List 2").click()
    expect(row(bob, "List 2")).to_have_count(0)
    queries = [f"view={view}" for view in filters.VIEWS]
    more = [
        "unread=1&sort=waiting",
        "assignee=none",
        "view=mine&state=any",
        "window=open&sort=closing",
    ]
    for query in [*queries, *more]:
        assert alice.evaluate(JUDGE, query) == [], query


def test_nothing_moves_or_leaves_under_the_pointer(demo, log_in) -> None:
    alice, bob = log_in("alice@example.com"), log_in("bob@example.com")
    for digit in "12":
        write(demo, f"35191777100{digit}", f"Still {digit}")
        expect(alice.locator("#rows .conversation").first).to_contain_text(f"Still {digit}")
        alice.wait_for_timeout(1_100)  # customers' messages are dated in whole seconds
    alice.locator("#rows .conversation").first.hover()
    names = alice.locator("#rows .conversation-link").all_inner_texts()
    unread = int(row(alice, "Still 1").locator(".count").inner_text())
    write(demo, "351917771001", "Still 1")
    expect(row(alice, "Still 1").locator(".count")).to_have_text(str(unread + 1))
    row(bob, "Still 2").hover()
    row(bob, "Still 2").get_by_role("button", name="Resolve Still 2").click()
    expect(row(alice, "Still 2")).to_have_attribute("data-leaving", "")
    assert alice.locator("#rows .conversation-link").all_inner_texts() == names
    expect(alice.locator(".list-news")).to_have_text("2 updates")
    alice.locator(".thread-empty, #thread").first.hover()
    expect(alice.locator("#rows .conversation").first).to_contain_text("Still 1")
    expect(row(alice, "Still 2")).to_have_count(0)


def test_ticked_rows_and_all_that_fit_are_done_at_once(demo, log_in) -> None:
    for number_ in range(52):
        write(demo, f"3519177720{number_:02}", f"Bulk {number_:02}")
    alice = log_in("alice@example.com")
    alice.goto(f"{demo.inbox}/?view=unassigned")
    expect(row(alice, "Bulk 51")).to_be_visible()
    tick(alice, "Bulk 51")
    row(alice, "Bulk 49").hover()
    alice.keyboard.down("Shift")
    row(alice, "Bulk 49").get_by_role("checkbox").click()
    alice.keyboard.up("Shift")
    expect(alice.locator("#bulk output")).to_have_text("3 selected")
    alice.get_by_role("button", name="Resolve", exact=True).first.click()
    expect(alice.locator("#toasts")).to_contain_text("3 conversations")
    expect(alice.locator("#bulk")).to_be_hidden()

    alice.goto(f"{demo.inbox}/?view=unassigned")
    alice.locator("#rows .conversation").first.hover()
    alice.locator("#rows .conversation-check").first.check()
    alice.get_by_role("button", name="Select all", exact=True).click()
    if alice.locator("#older-rows").count():
        alice.get_by_role("button", name=re.compile(r"Select all \d+")).click()
    alice.get_by_role("button", name="Resolve", exact=True).first.click()
    expect(alice.locator("#toasts")).to_contain_text(re.compile(r"\d+ conversations"))
    expect(alice.locator("#rows .conversation")).to_have_count(0)


def test_a_search_with_operators_jumps_to_the_hit(demo, log_in) -> None:
    write(demo, "351917773001", "Search One")
    alice = log_in("alice@example.com")
    expect(row(alice, "Search One")).to_be_visible()
    field = alice.get_by_role("searchbox")
    field.click()
    expect(alice.locator("#search-hints")).to_be_visible()
    field.fill('dia from:"search one" is:open')
    field.press("Enter")
    expect(alice.locator(".search-hit mark").first).to_have_text("dia")
    alice.locator(".search-link").first.click()
    expect(alice.locator("#thread .thread-name")).to_have_text("Search One")
    expect(alice).to_have_url(re.compile(r"\?message=\d+"))
