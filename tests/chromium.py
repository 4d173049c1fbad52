"""A Chromium for the browser tests: the one at hand, else Debian's, where we may install it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-color-emoji")


def find_or_install() -> str | None:
    """The path of a Chromium, or None where there is none and none can be installed."""
    return find() or (_install() and find()) or None


def find() -> str | None:
    """$CHROMIUM, else one on PATH, else Playwright's own."""
    given = os.environ.get("CHROMIUM")
    if given and shutil.which(given):
        return shutil.which(given)
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _install() -> bool:
    """Install Debian's packages; only as root on a machine with apt-get."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *PACKAGES],
    )
    return all(
        subprocess.run(each, env=environment, check=False).returncode == 0 for each in commands
    )
