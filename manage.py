#!/usr/bin/env python
"""Django's commands, on servers of the project's own where none are given."""

from __future__ import annotations

import os
import sys

OWN_PACKAGES = {"alerts", "config", "inbox", "locking", "messaging", "outbound", "tests"}
ADVICE = "run `make demo`, or `uv sync --all-extras`"


def main() -> None:
    """Run one command, or say in one sentence why it cannot start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"This needs Python 3.11 to 3.13; {sys.executable} is {sys.version.split()[0]}.")
    try:
        from inbox.processes.command import run  # noqa: PLC0415 - older Pythons cannot read it

        run(sys.argv)
    except ImportError as problem:
        if (problem.name or "").split(".")[0] in OWN_PACKAGES:
            raise
        if isinstance(problem, ModuleNotFoundError):
            sys.exit(f"The package {problem.name} is not installed: {ADVICE}.")
        sys.exit(f"The environment is broken ({problem}): remove .venv, then {ADVICE}.")


if __name__ == "__main__":
    main()
