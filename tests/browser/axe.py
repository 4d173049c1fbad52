"""What axe says of a screen in light, in dark and on a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from playwright.sync_api import Page, ViewportSize

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text()
WIDE = ViewportSize(width=1440, height=900)
NARROW = ViewportSize(width=390, height=844)
GRAVE = ("serious", "critical")
# What a width changes beside the layout; names, roles and colours hold for all of them.
SIZES = ["target-size", "scrollable-region-focusable"]
ASK_AXE = """async ([within, rules, impacts]) => {
  const options = { resultTypes: ["violations"], preload: false };
  if (rules) options.runOnly = { type: "rule", values: rules };
  else options.rules = { "target-size": { enabled: true } };
  const { violations } = await axe.run(within, options);
  return violations.filter((each) => impacts.includes(each.impact)).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) =>
      `${id}: ${html.slice(0, 160)} | ${failureSummary.split("\\n")[1]}`));
}"""


@dataclass(frozen=True, slots=True)
class State:
    """One thing to look at: where it is, what is done there first, and which part is new."""

    name: str
    path: str = ""
    act: Callable[[Page], Any] | None = None
    status: int = 200
    within: str = "html"


def findings(page: Page, within: str = "html", rules: list[str] | None = None) -> list[str]:
    """What is serious or critical in a part of the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(ASK_AXE, [within, rules, GRAVE])
    return found


def overflow(page: Page) -> list[str]:
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"scrolls sideways by {wider} px"] if wider > 0 else []


def look(page: Page, name: str, within: str = "html") -> list[str]:
    """Findings of one state: light, dark, and on a telephone, where it is drawn again."""
    said = [f"{name}: {each}" for each in findings(page, within)]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    said += [f"{name}, dark: {each}" for each in findings(page, within, ["color-contrast"])]
    page.evaluate("delete document.documentElement.dataset.theme")
    page.set_viewport_size(NARROW)
    said += [f"{name}, telephone: {each}" for each in overflow(page)]
    if page.locator(within).first.is_visible():  # a telephone shows one region at a time
        said += [f"{name}, telephone: {each}" for each in findings(page, within, SIZES)]
    page.set_viewport_size(WIDE)
    return said


def walk(page: Page, inbox: str, states: Iterable[State]) -> Iterator[str]:
    """The findings of all states, in their order; a state without a path goes on from the last."""
    for state in states:
        if state.path:
            answer = page.goto(inbox + state.path)
            assert answer
            assert answer.status == state.status, state
        if state.act:
            state.act(page)
        yield from look(page, state.name, state.within)
