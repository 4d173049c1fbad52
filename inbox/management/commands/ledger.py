from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.traces import describe
from messaging.ledger import balance, trace
from messaging.models import Organization


class Command(BaseCommand):
    help = "Where every delivery went: the sums that must close, and the story of one message."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        sums = actions.add_parser("balance", help="count deliveries and items by outcome")
        story = actions.add_parser("trace", help="everything known of one wamid")
        story.add_argument("wamid")
        for action in (sums, story):
            action.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, action: str, json: bool, **options: Any) -> None:
        if action == "balance":
            self._balance(as_json=json)
        else:
            self._trace(options["wamid"], as_json=json)

    def _balance(self, *, as_json: bool) -> None:
        sums = balance().as_dict()
        if as_json:
            self.stdout.write(json.dumps(sums))
            return
        for name, value in sums.items():
            self.stdout.write(f"{name:<10} {value}")

    def _trace(self, wamid: str, *, as_json: bool) -> None:
        found = [
            {"organization": organization.slug, **story}
            for organization in Organization.objects.order_by("pk")
            if any((story := describe(trace(organization, wamid)))[part] for part in PARTS)
        ]
        if not found:
            raise CommandError("Nothing is known of this id: no delivery, message or status.")
        if as_json:
            self.stdout.write(json.dumps(found[0] if len(found) == 1 else found, default=str))
            return
        for story in found:
            self.stdout.write(json.dumps(story, indent=2, default=str))


PARTS = ("items", "messages", "statuses")
