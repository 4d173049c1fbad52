"""`manage.py simulate`: the Cloud API of the demo, with its phone page."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from messaging.simulator import demo
from messaging.simulator.running import serve
from messaging.simulator.settings import PROJECT_ROOT, Settings


class Command(BaseCommand):
    """A thin wrapper: arguments in, one process that serves until it is stopped."""

    help = "Run a simulated Cloud API with a phone page to play the customers."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8002, help="0 takes a free one")
        parser.add_argument("--webhook-url", default=demo.WEBHOOK_URL)
        parser.add_argument("--app-secret", default=demo.APP_SECRET)
        parser.add_argument("--data-dir", type=Path, default=_default_data_dir())
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object at the start"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        settings = Settings(
            data_dir=options["data_dir"],
            webhook_url=options["webhook_url"],
            app_secret=options["app_secret"],
        )

        def started(base_url: str) -> None:
            self._tell(base_url, settings, as_json=options["json"])

        try:
            asyncio.run(
                serve(settings, host=options["host"], port=options["port"], started=started)
            )
        except OSError as error:
            raise CommandError(_sentence(error, options)) from None

    def _tell(self, base_url: str, settings: Settings, *, as_json: bool) -> None:
        facts = {
            "url": base_url,
            "webhook_url": settings.webhook_url,
            "data_dir": str(settings.data_dir),
        }
        lines = [
            f"Phone page and Cloud API on {base_url}",
            f"Webhooks go to {settings.webhook_url}, data is kept in {settings.data_dir}",
        ]
        self.stdout.write(json.dumps(facts) if as_json else "\n".join(lines))
        self.stdout.flush()


def _default_data_dir() -> Path:
    """`$DATA_DIR/simulator`, a relative path being the project's."""
    return PROJECT_ROOT / os.environ.get("DATA_DIR", ".data") / "simulator"


def _sentence(error: OSError, options: dict[str, Any]) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {options['port']} is already in use: stop the program that has it, "
            "or choose another with --port."
        )
    return f"The simulator cannot start: {error.strerror or error}."
