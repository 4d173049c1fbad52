"""What the docs name exists: files, headings, commands, figures, decisions."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from prometheus_client import REGISTRY

from config.reference import ROOT

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
)
PACKAGES = ("alerts", "inbox", "messaging", "outbound")
TO_COME = "<!-- image: to come -->"
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z][a-z_]*)")
FIGURE = re.compile(r"`((?:whatsapp|outbound|inbox)_[a-z_]+)`")
DECISION = re.compile(r"docs/decisions/(\d{4}[a-z0-9-]*)")


def links(page: Path) -> list[str]:
    lines = FENCE.sub("", page.read_text("utf-8")).splitlines()
    return [target for line in lines if TO_COME not in line for target in LINK.findall(line)]


def anchors(page: Path) -> set[str]:
    """Names of the headings, as the usual renderers make them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def figures() -> set[str]:
    """Every name that a scrape may tell of."""
    from inbox.gauges import BREAKERS, GAUGES

    for package in PACKAGES:
        path = [str(ROOT / package)]
        for module in pkgutil.walk_packages(path, prefix=f"{package}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    counted = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in REGISTRY.collect()
    }
    return counted | set(GAUGES) | {BREAKERS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    named = set(COMMAND.findall(page.read_text("utf-8")))
    assert named <= set(get_commands())


def test_figures_exist() -> None:
    named = set(FIGURE.findall((ROOT / "docs" / "operations.md").read_text("utf-8")))
    assert named
    assert named <= figures()


def test_decisions_that_the_code_names_exist() -> None:
    pages = [path.stem for path in (ROOT / "docs" / "decisions").glob("*.md")]
    for package in (*PACKAGES, "config", "locking"):
        for path in (ROOT / package).rglob("*.py"):
            for named in DECISION.findall(path.read_text("utf-8")):
                assert any(page.startswith(named) for page in pages), f"{path}: {named}"
