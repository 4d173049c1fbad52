from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inbox import quarantining
from outbound import quarantine
from outbound.models import OutboxEntry
from outbound.protocol import EntryState

TEXTS = {
    "status": "say whether messages are kept back, since when and why",
    "release": "let messages leave again, once what needs review has been looked at",
    "start": "keep every message back until it is released",
}


class Command(BaseCommand):
    help = "Sending after a restore: nothing leaves until an operator says so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, text in TEXTS.items():
            action = actions.add_parser(name, help=text)
            action.add_argument("--json", action="store_true")
            if name == "start":
                action.add_argument(
                    "--restored",
                    action="store_true",
                    help="this is a backup: also hand what is open to people, since it may have"
                    " left after the backup",
                )

    def handle(self, *_args: Any, action: str, json: bool, **options: Any) -> None:
        released = 0
        if action == "start":
            quarantining.start(is_restored=options["restored"])
        elif action == "release":
            released = len(quarantining.release_all())
        self._tell(_state(), released=released, as_json=json)

    def _tell(self, state: dict[str, Any], *, released: int, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({**state, "released": released}))
            return
        if released:
            self.stdout.write("Released.")
        for held in state["quarantines"]:
            self.stdout.write(f"Messages are kept back since {held['since']}: {held['reason']}.")
        if not state["quarantines"]:
            self.stdout.write("Messages leave.")
        self.stdout.write(f"{state['waiting']} wait, {state['needs_review']} need review.")


def _state() -> dict[str, Any]:
    entries = OutboxEntry.objects.all()
    return {
        "quarantines": [
            {"id": each.pk, "reason": each.reason, "since": each.since.isoformat()}
            for each in quarantine.open_ones()
        ],
        "waiting": entries.filter(finished_at__isnull=True).count(),
        "needs_review": entries.filter(state=EntryState.NEEDS_REVIEW.value).count(),
    }
