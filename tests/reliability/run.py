"""Long programmes: `make reliability ONLY=KILL-A SCALE=0.1`.

    python -m tests.reliability.run [--only KILL-A] [--scale 1] [--seed N] [--record]

Prints the seed, by which a run is repeated; with `--record` adds a row to docs/reliability.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import sys
from datetime import UTC, datetime

from inbox.processes.state import BASE_DIR
from tests.reliability.programmes import PROGRAMMES, say

RECORD = BASE_DIR / "docs" / "reliability.md"


def main() -> int:
    """Run what was asked for; 0 if all of it was good."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PROGRAMMES, help="one programme alone")
    parser.add_argument("--scale", type=float, default=1.0, help="0.1 is a tenth of the size")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--record", action="store_true", help="add a row to docs/reliability.md")
    args = parser.parse_args()
    results = []
    for name in [args.only] if args.only else PROGRAMMES:
        say(f"=== {name}, scale {args.scale:g}, seed {args.seed}")
        is_good, words = PROGRAMMES[name](args.scale, args.seed)
        results.append(is_good)
        if args.record:
            record(name, args.scale, args.seed, words)
    return 0 if all(results) else 1


def record(name: str, scale: float, seed: int, words: str) -> None:
    """Add a row to the table of runs, which ends the page."""
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}"
    with RECORD.open("a") as file:
        file.write(f"| {when} | {name} | {scale:g} | {seed} | {machine} | {words} |\n")


if __name__ == "__main__":
    sys.exit(main())
