"""`make screenshots`: every screen and state at three widths, light and dark, as PNG files.

They go to `screenshots/`, which git ignores: `<scene>-<width>-<light|dark>.png`. A scene that
cannot be reached is named at the end, with exit code 1; so are words in a browser's console.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, sync_playwright

from inbox.processes.state import BASE_DIR
from tests import chromium
from tests.demo import Demo, running_demo
from tests.screenshots import scenes, staging
from tests.screenshots.scenes import Scene

HEIGHTS = {1440: 900, 1024: 768, 390: 844}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATIENCE = 8_000
QUIET = 500
CHANGED = 250  # colours fade from one theme to the other


class Camera:
    """Takes the pictures of one demo, logged in once per person."""

    def __init__(self, browser: Browser, stage: staging.Stage, folder: Path) -> None:
        self._browser, self._stage, self._folder = browser, stage, folder
        self._states: dict[str, str] = {}
        self.taken = 0
        self.troubles: list[str] = []

    def take(self, scene: Scene) -> None:
        """One scene at all of its widths, in both themes."""
        for width in scene.widths:
            try:
                self._at(scene, width)
            except (Error, AssertionError) as error:
                said = str(error).splitlines()[0]
                self.troubles.append(f"{scene.name} at {width}: {said}")

    def _at(self, scene: Scene, width: int) -> None:
        with self._context(scene, width) as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.on("pageerror", lambda error: self.troubles.append(f"{scene.name}: {error}"))
            self._open(page, scene)
            scene.steps(page, self._stage)
            page.wait_for_timeout(scenes.SETTLED)
            for theme in THEMES:
                page.emulate_media(color_scheme=theme)
                page.wait_for_timeout(CHANGED)
                page.screenshot(path=self._folder / f"{scene.name}-{width}-{theme}.png")
                self.taken += 1

    def _open(self, page: Page, scene: Scene) -> None:
        path = scene.path
        if scene.who:
            path = f"/conversations/{self._stage.conversation(scene.who)}/"
        page.goto(f"{self._stage.demo.inbox}{path}")
        with contextlib.suppress(Error):
            page.wait_for_load_state("networkidle", timeout=PATIENCE)
        page.wait_for_timeout(QUIET)

    @contextlib.contextmanager
    def _context(self, scene: Scene, width: int) -> Iterator[BrowserContext]:
        size = {"width": width, "height": HEIGHTS[width]}
        state = None if scene.is_public else self._state_of(scene.by)
        context = self._browser.new_context(
            viewport=size,  # type: ignore[arg-type]  # a dictionary with these two keys
            storage_state=state,
            locale=scene.language,
            has_touch=width < 400,
        )
        try:
            yield context
        finally:
            context.close()

    def _state_of(self, person: str) -> str:
        if person not in self._states:
            context = self._browser.new_context()
            page = context.new_page()
            page.goto(f"{self._stage.demo.inbox}/login/")
            page.fill("input[name=email]", f"{person}@example.com")
            page.fill("input[name=password]", "demo-inbox")
            page.locator("form:has(input[name=password]) button[type=submit]").click()
            page.wait_for_url(f"{self._stage.demo.inbox}/")
            kept = self._folder / f".{person}.json"
            context.storage_state(path=kept)
            self._states[person] = str(kept)
            context.close()
        return self._states[person]


def main() -> int:
    """Take the pictures that were asked for; 0 if all of them could be taken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenes", nargs="*", help="scenes whose names begin so; all if none")
    parser.add_argument("--folder", type=Path, default=BASE_DIR / "screenshots")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.contextmanager(running_demo)() as demo, sync_playwright() as playwright:
        return _take_all(demo, playwright.chromium, options)


def _take_all(demo: Demo, kind: BrowserType, options: argparse.Namespace) -> int:
    stage = staging.Stage(demo)
    staging.fill(stage)
    browser = kind.launch(executable_path=chromium.find_or_install(), args=["--no-sandbox"])
    camera = Camera(browser, stage, options.folder)
    for scene in scenes.chosen(options.scenes):
        camera.take(scene)
    browser.close()
    for state in options.folder.glob(".*.json"):
        state.unlink()
    sys.stdout.write(f"{camera.taken} pictures in {options.folder}\n")
    sys.stdout.writelines(f"{trouble}\n" for trouble in camera.troubles)
    return 1 if camera.troubles else 0


if __name__ == "__main__":
    sys.exit(main())
