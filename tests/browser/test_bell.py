"""What rings in the browser, when it is quiet, and in whose language rows arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import GNUTranslations

import pytest
from playwright.sync_api import Locator, Page, expect

from config import translations
from tests.browser.acting import until, write

pytestmark = pytest.mark.browser

# Notifications and tones are written down; nobody looks unless the test says so.
RECORD = """
  window.told = [];
  window.tones = 0;
  window.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(title, options) {
      super();
      Object.assign(this, { title, ...options });
      window.told.push(this);
    }
    close() {}
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.tones += 1; start.call(this, at); };
  window.looks = false;
  Document.prototype.hasFocus = () => window.looks;
  window.focus = () => { window.focused = true; };
"""
TOLD = "told.map(({ title, body }) => [title, body])"
LISTENS = """navigator.locks.query().then(({ held }) =>
  held.some(({ name }) => name.startsWith("inbox.bell.")))"""
LOSE = """() => {
  window.lose = new AbortController();
  window.lost = new Set();
  const options = { capture: true, signal: lose.signal };
  addEventListener("live:frame", (event) => {
    event.stopImmediatePropagation();
    for (const row of event.detail.rows ?? []) lost.add(row.id);
  }, options);
}"""
QUIET = """async ([from, until, time]) => {
  const script = document.querySelector("script[type=module]").src;
  const { isQuiet } = await import(new URL("quiet.js", script));
  return isQuiet(from, until, new Date(`2026-11-20T${time}:00`));
}"""


@pytest.fixture
def prefer(demo, log_in) -> Iterator[object]:
    """Sets preferences by their form, and puts them back for the tests that follow."""
    changed: list[Page] = []

    def choose(page: Page, **chosen: str) -> None:
        page.goto(f"{demo.inbox}/settings/profile/")
        page.locator("[name=has_notifications]").set_checked("notifies" in chosen)
        page.select_option("[name=language]", chosen.get("language", ""))
        with page.expect_navigation():
            page.locator("form.desk-form > button[type=submit]").click()
        changed.append(page)

    yield choose
    for page in {*changed}:
        choose(page)


def unread_in(title: str) -> int:
    """The number in front of a title; other tests may have left some unread."""
    found = re.match(r"\((\d+)\) ", title)
    return int(found[1]) if found else 0


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows .conversation", has_text=name)


def test_of_two_tabs_one_tells_and_a_click_opens_it(demo, log_in, prefer) -> None:
    first = log_in("bob@example.com")
    first.context.add_init_script(RECORD)
    prefer(first, notifies="yes")
    first.goto(f"{demo.inbox}/")
    first.locator("#list h1").click()
    second = first.context.new_page()
    second.goto(f"{demo.inbox}/settings/profile/")
    first.wait_for_function(LISTENS)
    write(demo, "351917774001", "Bell One")
    until(lambda: first.evaluate(TOLD) + second.evaluate(TOLD) != [])
    first.wait_for_timeout(500)
    assert first.evaluate(TOLD) + second.evaluate(TOLD) == [["Bell One", "Bom dia"]]
    assert first.evaluate("tones") == 2  # one sound has two

    before = second.title()
    row(first, "Bell One").hover()
    row(first, "Bell One").get_by_role("button", name="Assign Bell One to me").click()
    expect(second).not_to_have_title(before)
    assert unread_in(second.title()) == unread_in(before) + 1
    assert second.locator('link[rel="icon"]').get_attribute("href").endswith("unread.svg")
    [teller] = [tab for tab in (first, second) if tab.evaluate(TOLD)]
    teller.evaluate("told[0].dispatchEvent(new Event('click'))")
    expect(teller.locator("#thread .thread-name")).to_have_text("Bell One")
    assert teller.evaluate("window.focused")
    expect(second).to_have_title(before)


def test_quiet_hours_are_silent_and_what_was_missed_is_one_sentence(demo, log_in, prefer) -> None:
    bob = log_in("bob@example.com")
    bob.context.add_init_script(RECORD)
    prefer(bob, notifies="yes")
    bob.goto(f"{demo.inbox}/")
    for time, is_quiet in (("21:59", False), ("22:00", True), ("03:00", True), ("07:00", False)):
        assert bob.evaluate(QUIET, ["22:00", "07:00", time]) is is_quiet
    assert not bob.evaluate(QUIET, ["08:00", "08:00", "08:00"])
    bell = bob.locator("desk-bell")
    # All day but the minute before midnight, and the other way round.
    bell.evaluate(
        "(bell) => Object.assign(bell.dataset, { quietFrom: '00:00', quietUntil: '23:59' })"
    )
    bob.wait_for_function(LISTENS)
    write(demo, "351917774002", "Bell Two")
    expect(row(bob, "Bell Two")).to_be_visible()

    bob.wait_for_timeout(3_500)  # a round of announcements
    assert bob.evaluate(TOLD) == []
    bell.evaluate("(bell) => Object.assign(bell.dataset, { quietFrom: '', quietUntil: '' })")
    bob.evaluate(LOSE)
    for digit in "234":
        write(demo, f"35191777400{digit}", f"Bell {digit}")
    until(lambda: bob.evaluate("lost.size") == 3)
    bob.evaluate("lose.abort(); document.dispatchEvent(new CustomEvent('live:poll'))")
    until(lambda: bob.evaluate(TOLD) != [])
    bob.wait_for_timeout(3_500)
    assert bob.evaluate(TOLD) == [["3 conversations have news", ""]]


def test_one_row_comes_in_the_language_of_each_who_sees_it(demo, log_in, prefer) -> None:
    bob, alice = log_in("bob@example.com"), log_in("alice@example.com")
    prefer(bob, language="ar")
    assert bob.locator("html").evaluate("({ lang, dir }) => [lang, dir]") == ["ar", "rtl"]
    sidebar = bob.locator("#sidebar").bounding_box()
    assert sidebar["x"] > bob.viewport_size["width"] / 2
    prefer(bob, language="es")
    bob.goto(f"{demo.inbox}/")
    label = ".conversation-check"
    write(demo, "351917774005", "Bell Five")
    expect(row(alice, "Bell Five").locator(label)).to_have_attribute(
        "aria-label", "Select Bell Five"
    )
    wanted = said_in("es", "Select %(name)s") % {"name": "Bell Five"}
    expect(row(bob, "Bell Five").locator(label)).to_have_attribute("aria-label", wanted)


def said_in(language: str, message: str) -> str:
    """As the catalogue has it today."""
    path = translations.FOLDER / language / "LC_MESSAGES" / "django.mo"
    return GNUTranslations(path.open("rb")).gettext(message)
