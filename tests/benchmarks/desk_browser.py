"""What Chromium paints: opening a long conversation, switching, and scrolling to its top."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests import chromium

# What a page does beside, once it is there, must not count.
SETTLED_MILLISECONDS = 3_000
# Resolves when a bubble has been painted: two frames after it is in the page.
PAINTED = """() => new Promise((done) => {
  const look = () => document.querySelector("message-timeline .message")
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""
SWITCHED = """(id) => new Promise((done) => {
  const started = performance.now();
  const look = () => document.querySelector(`#thread[data-conversation="${id}"] .message`)
    ? requestAnimationFrame(() => done(performance.now() - started))
    : requestAnimationFrame(look);
  document.querySelector(`#conversation-${id} .conversation-link`).click();
  look();
})"""
# Scrolls up a screen's third a frame, as a thumb does, and notes how long each frame took.
SCROLL = """(seconds) => new Promise((done) => {
  const scroller = document.querySelector("message-timeline").closest(".region-scroll");
  const frames = [], seen = new Set();
  let most = 0, last = performance.now(), ends = last + seconds * 1000, atTop = 0;
  const step = (now) => {
    frames.push(now - last); last = now;
    const bubbles = scroller.querySelectorAll("[data-message]");
    most = Math.max(most, bubbles.length);
    for (const bubble of bubbles) seen.add(bubble.id);
    atTop = scroller.scrollTop <= 0 ? atTop + 1 : 0;
    scroller.scrollTop -= scroller.clientHeight / 3;
    if (now < ends && atTop < 180) requestAnimationFrame(step);
    else done({ frames, most, seen: seen.size, seconds: seconds - (ends - now) / 1000 });
  };
  requestAnimationFrame(step);
})"""


@contextmanager
def opened(url: str, session: str) -> Iterator[Page]:
    """A page of an agent's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "session", "value": session, "url": url}])
        yield context.new_page()
        browser.close()


def measure(url: str, session: str, long_one: int) -> dict[str, Any]:
    """Milliseconds from navigation or click to a painted bubble, and how smoothly it scrolls."""
    with opened(url, session) as page:
        address = f"{url}/conversations/{long_one}/"
        page.goto(address)
        page.wait_for_timeout(SETTLED_MILLISECONDS)
        paints = []
        for _ in range(10):
            page.goto(address, wait_until="commit")
            paints.append(float(page.evaluate(PAINTED)))
        bubbles = page.locator("[data-message]").count()
        scrolled = page.evaluate(SCROLL, 60)
        switches = _switch(page, url)
    return {
        "first paint ms": _median(paints),
        "first paint, slowest ms": round(max(paints)),
        "bubbles in the page": bubbles,
        "switch ms": _median(switches),
        "switch, slowest ms": round(max(switches)),
        "scroll to the top": _frames(scrolled),
    }


def _switch(page: Page, url: str) -> list[float]:
    page.goto(url)
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    there = page.evaluate(
        "() => [...document.querySelectorAll('.conversation')].map((r) => r.dataset.id)"
    )
    return [float(page.evaluate(SWITCHED, pk)) for pk in there[:20]]


def _frames(scrolled: dict[str, Any]) -> dict[str, Any]:
    frames = sorted(scrolled["frames"])
    return {
        "messages seen": scrolled["seen"],
        "seconds": round(scrolled["seconds"], 1),
        "most bubbles in the page": scrolled["most"],
        "frames": len(frames),
        "p95 ms": round(frames[int(len(frames) * 0.95)], 1),
        "longest ms": round(frames[-1], 1),
        "frames over 50 ms": sum(each > 50 for each in frames),
    }


def _median(values: list[float]) -> int:
    return round(sorted(values)[len(values) // 2])
