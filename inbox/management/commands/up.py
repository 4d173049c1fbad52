"""`manage.py up`: everything the Procfile names, supervised, on servers of its own if need be."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from inbox.processes import up
from inbox.processes.state import BASE_DIR


class Command(BaseCommand):
    """Parses, and leaves the rest to `inbox.processes.up`."""

    help = "Run all processes of the Procfile and restart what dies; Ctrl-C stops them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what can be asked for."""
        parser.add_argument("--demo", action="store_true", help="demo data, and the simulator")
        parser.add_argument(
            "--without", default="", metavar="NAMES", help="processes to leave out: gateway,beat"
        )
        parser.add_argument("--json", action="store_true", help="print the addresses as JSON")
        parser.add_argument("--procfile", type=Path, default=BASE_DIR / "Procfile")

    def handle(
        self, *, demo: bool, without: str, json: bool, procfile: Path, **_options: object
    ) -> None:
        """Run until told to stop."""
        steps: list[tuple[str, ...]] = [("migrate", "--no-input", "--verbosity", "0")]
        if demo:
            steps.append(("seed_demo",))
        up.run(
            up.Options(
                is_demo=demo,
                leave_out=frozenset(name for name in without.split(",") if name),
                as_json=json,
                procfile=procfile.absolute(),
                steps=tuple(steps),
            )
        )
