"""For whoever cannot see, point, wait or read from left to right: nothing is out of reach."""

from __future__ import annotations

import re
from itertools import chain

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import axe, reaching
from tests.browser.acting import ask, bubble, open_conversation, write

pytestmark = pytest.mark.browser

TEXT = reaching.TEXT
TELEPHONE = {"has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module", autouse=True)
def seeded(demo) -> None:
    reaching.seed(demo)


# Some fifty states of three looks each: half a minute, but not while the machine does other things.
@pytest.mark.timeout(300)
def test_axe_finds_nothing_grave_on_any_screen_light_dark_or_narrow(
    demo, open_page, log_in, problems
) -> None:
    calm = {"viewport": axe.WIDE, "reduced_motion": "reduce"}
    agent, owner = log_in("bob@example.com", **calm), log_in("admin@example.com", **calm)
    found = chain(
        axe.walk(open_page(**calm), demo.inbox, reaching.outside()),
        axe.walk(agent, demo.inbox, reaching.pages()),
        axe.walk(owner, demo.inbox, chain(reaching.managing(), reaching.desk())),
    )
    said = list(found)
    # Pages that are not there are among those that are looked at.
    problems[:] = [each for each in problems if "404" not in each]
    assert not said, "\n".join(said)


def sticking_out(page: Page) -> list[str]:
    """What a finger would have to move the page sideways for."""
    found: list[str] = page.evaluate("""() => [...document.querySelectorAll(
      "a, button, summary, input, textarea, select, .bubble, h1, h2")].filter((each) => {
        const { left, right, width } = each.getBoundingClientRect();
        const isSeen = each.checkVisibility({ visibilityProperty: true, opacityProperty: true });
        return width > 1 && isSeen && !each.matches(".skip-link, .file-input")
          && (left < -1 || right > innerWidth + 1);
      }).map((each) => each.outerHTML.slice(0, 120))""")
    return [f"{page.url} {each}" for each in found + axe.overflow(page)]


@pytest.mark.parametrize("width", [320, 390])
def test_a_telephone_goes_from_list_to_contact_and_back_without_moving_sideways(
    log_in, width
) -> None:
    size = {"width": width, "height": 640}
    page = log_in("alice@example.com", viewport=size, reduced_motion="reduce", **TELEPHONE)
    wide = sticking_out(page)
    open_conversation(page, reaching.NAME)
    wide += sticking_out(page)
    expect(page.locator(TEXT)).to_be_in_viewport(ratio=1)
    page.locator("#tool-more").click()
    sheet = page.locator("[data-menu=more] .fold-menu").bounding_box()
    assert sheet
    assert (sheet["x"], sheet["width"], sheet["y"] + sheet["height"]) == (0, width, 640)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Contact", exact=True).click()
    expect(page.locator("#contact-head")).to_be_visible()
    wide += sticking_out(page)
    page.get_by_role("link", name="Back to the conversation").click()
    expect(page.locator(TEXT)).to_be_visible()
    page.get_by_role("link", name=re.compile("Back to list")).click()
    expect(page.locator(".conversation").first).to_be_visible()
    assert not wide


def edges(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box
    return box["x"], box["x"] + box["width"]


def test_from_right_to_left_all_turns_but_numbers_ticks_and_foreign_words(log_in) -> None:
    page = log_in("alice@example.com", locale="ar", viewport=axe.WIDE)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    open_conversation(page, reaching.NAME)
    assert edges(page.locator("#sidebar"))[1] == axe.WIDE["width"]
    assert edges(page.locator("#thread"))[0] == 0
    arabic = page.locator(".bubble-body", has_text="صباح الخير")
    expect(arabic).to_have_css("direction", "rtl")
    latin = page.locator(".bubble-body", has_text="Bom dia!")
    expect(latin).to_have_css("direction", "ltr")
    start = edges(page.locator("message-timeline"))[1]
    assert start - edges(page.locator(".message[data-direction=in] .bubble").first)[1] < 32
    expect(page.locator(".thread-about bdi")).to_have_css("direction", "ltr")
    expect(page.locator("[data-panel-open] .icon")).to_have_css("scale", "-1 1")
    page.locator("[data-later-open]").click()
    assert edges(page.locator("#send-later"))[0] == edges(page.locator("[data-later-open]"))[0]
    page.keyboard.press("Escape")
    last = page.locator(".message[data-direction=in]").last
    last.hover()
    last.locator("[data-message-menu]").click()
    end = edges(last.locator("[data-message-menu]"))[1]
    assert abs(edges(page.locator("#tools-menu"))[1] - end) < 1
    page.keyboard.press("Escape")
    assert not sticking_out(page)


SHIFTS = """window.shift = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
}).observe({ type: "layout-shift", buffered: true });"""


def slow(page: Page) -> None:
    """A village's network: 400 ms there and back, 50 kB a second."""
    limits = {"latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, **limits})


def test_on_a_slow_network_the_last_choice_wins_words_show_at_once_and_nothing_jumps(
    demo, log_in
) -> None:
    for number, name in enumerate(("Slow Sousa", "Slower Simões")):
        write(demo, f"35191000096{number}", name)
    page = log_in("alice@example.com")
    page.add_init_script(SHIFTS)
    slow(page)
    page.reload()
    for name in ("Slow Sousa", "Slower Simões"):
        page.locator(".conversation-link", has_text=name).dispatch_event("click")
        expect(page.locator("#thread-bones")).to_contain_text(name, timeout=390)
    expect(page.locator("#thread .thread-name")).to_have_text("Slower Simões")
    page.wait_for_timeout(1_000)  # whatever else was asked for has come by now
    expect(page.locator("#thread .thread-name")).to_have_text("Slower Simões")
    assert page.locator("[aria-current] .conversation-link").get_attribute("href") in page.url
    page.fill(TEXT, "Um momento.")
    page.press(TEXT, "Enter")
    assert page.evaluate("""() => new Promise((done) => requestAnimationFrame(() =>
      done(document.querySelectorAll("message-timeline .message[data-direction=out]").length)))""")
    expect(bubble(page, "Um momento.")).to_have_count(1)
    said = {"from": "351910000961", "type": "text", "text": {"body": "Obrigada"}}
    ask(f"{demo.phone}/sim/inbound", "POST", said)
    expect(page.locator(".message[data-direction=in]", has_text="Obrigada")).to_be_visible()
    expect(page.locator(".message", has_text="Um momento.")).to_have_count(1)
    assert page.evaluate("shift") < 0.1
