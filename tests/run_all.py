"""`make test`: each stage in turn, all of them even if one fails, and what each took at the end."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests import chromium

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# A real browser has the machine for itself: what people wait for is told apart from slowness.
IN_PARALLEL = ("-n", "2", "--dist", "loadfile")
OTHERS = ("--ignore=tests/browser", "-m")
PYTEST_MARK = " in "  # of pytest's closing line: "12 passed, 1 skipped in 3.45s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One command and the part of the work that it belongs to."""

    part: str
    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a stage went; `remark` is its last word, where it has one."""

    name: str
    is_good: bool
    seconds: float
    remark: str = ""


def stages() -> list[Stage]:
    """All stages, cheap ones first."""
    manage = (sys.executable, "manage.py")
    pytest = (sys.executable, "-m", "pytest")
    return [
        Stage(part="static", name="format", command=_tool("ruff", "format", "--check")),
        Stage(part="static", name="style", command=_tool("ruff", "check")),
        Stage(part="static", name="types", command=_tool("mypy", ".")),
        Stage(part="static", name="imports", command=_tool("lint-imports")),
        Stage(part="static", name="checks", command=(*manage, "check")),
        Stage(
            part="static",
            name="migrations",
            command=(*manage, "makemigrations", "--check", "--dry-run"),
        ),
        Stage(part="app", name="tests", command=(*pytest, *IN_PARALLEL, *OTHERS, "not process")),
        Stage(
            part="app", name="process tests", command=(*pytest, *IN_PARALLEL, *OTHERS, "process")
        ),
        Stage(part="browser", name="browser tests", command=(*pytest, "tests/browser")),
    ]


def main() -> int:
    """Run the stages that were asked for; 0 if all of them are good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("static", "app", "browser"), help="one part alone")
    only = parser.parse_args().only
    chosen = [stage for stage in stages() if only in (None, stage.part)]
    browser = chromium.find_or_install() if any(s.part == "browser" for s in chosen) else None
    outcomes = []
    for stage in chosen:
        if stage.part == "browser" and browser is None:
            outcomes.append(_without_browser(stage))
        else:
            outcomes.append(_run(stage, {"CHROMIUM": browser} if browser else {}))
    _report(outcomes)
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


def _tool(name: str, *arguments: str) -> tuple[str, ...]:
    return (str(BIN / name), *arguments)


def _run(stage: Stage, extra: dict[str, str]) -> Outcome:
    """Run one stage, showing its output as it comes."""
    _show(f"\n=== {stage.name}: {' '.join(stage.command[-3:])}")
    started = time.monotonic()
    remark = ""
    with subprocess.Popen(
        stage.command,
        cwd=ROOT,
        env={**os.environ, **_settings_environment(stage), **extra},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            remark = line.strip(" =\n") or remark
    is_pytest = "pytest" in stage.command and PYTEST_MARK in remark
    return Outcome(
        name=stage.name,
        is_good=process.returncode == 0,
        seconds=time.monotonic() - started,
        remark=remark if is_pytest else "",
    )


def _settings_environment(stage: Stage) -> dict[str, str]:
    """What mypy's Django plugin needs to read the settings; it connects to nothing."""
    if stage.name != "types":
        return {}
    return {
        "SECRET_KEY": os.environ.get("SECRET_KEY", "unused"),
        "FIELD_ENCRYPTION_KEYS": os.environ.get("FIELD_ENCRYPTION_KEYS", "unused"),
        "DATABASE_URL": os.environ.get("DATABASE_URL", "postgresql://unused@127.0.0.1/unused"),
    }


def _without_browser(stage: Stage) -> Outcome:
    """Go without a browser: a failure where nobody would read the warning."""
    is_ci = os.environ.get("CI", "").lower() == "true"
    remark = "NOT RUN: no Chromium found and none could be installed; set CHROMIUM to one"
    return Outcome(name=stage.name, is_good=not is_ci, seconds=0, remark=remark)


def _report(outcomes: list[Outcome]) -> None:
    _show("\n=== what it took")
    for outcome in outcomes:
        verdict = "ok" if outcome.is_good else "FAILED"
        _show(
            f"{outcome.seconds:7.1f} s  {outcome.name:<14} {verdict:<7} {outcome.remark}".rstrip()
        )
    _show(f"{sum(outcome.seconds for outcome in outcomes):7.1f} s  together")
    if missing := [outcome.remark for outcome in outcomes if outcome.remark.startswith("NOT RUN")]:
        _show(f"\n!!! BROWSER TESTS {missing[0]}")


def _show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
