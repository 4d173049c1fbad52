from __future__ import annotations

import json
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from inbox.sweeping import beat, sweep_once

EVERY_SECONDS = 1.0


class Command(BaseCommand):
    help = "Every second, find and finish what a lost hint left behind. Needs Postgres alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then stop")
        parser.add_argument("--json", action="store_true", help="say what was done as JSON")

    def handle(self, *_args: Any, once: bool, json: bool, **_options: Any) -> None:
        if once:
            self._tell(sweep_once(), as_json=json)
            return
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(EVERY_SECONDS):
            done = sweep_once()
            beat("sweeper")
            if any(done.values()):
                self._tell(done, as_json=json)

    def _tell(self, done: dict[str, int], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(done))
            return
        self.stdout.write(", ".join(f"{count} {name}" for name, count in done.items()))
