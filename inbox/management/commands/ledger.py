from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox.api.serializers import moment as in_utc
from inbox.management.channels import channel_ids
from inbox.management.moments import HELP, moment
from inbox.traces import sentences, whole
from messaging import ledger
from messaging.models import Channel, Organization

PARTS = ("items", "messages", "statuses")


class Command(BaseCommand):
    help = "Where every delivery went: the sums that must close, and the story of one message."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        sums = actions.add_parser("balance", help="count deliveries and items by outcome")
        sums.add_argument("--channel", help="a number's id, ours or the provider's")
        sums.add_argument("--since", type=moment, metavar="TIME", help=f"received since {HELP}")
        sums.add_argument(
            "--by", choices=["hour", "channel"], help="a row for each number (and hour)"
        )
        story = actions.add_parser("trace", help="everything known of one wamid")
        story.add_argument("wamid")
        for action in (sums, story):
            action.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, action: str, json: bool, **options: Any) -> None:
        if action == "trace":
            self._trace(options["wamid"], as_json=json)
            return
        channels = channel_ids(options["channel"]) if options["channel"] else None
        if options["by"]:
            found = ledger.rows(
                by_hour=options["by"] == "hour", channel_ids=channels, since=options["since"]
            )
            self._rows(found, as_json=json)
        else:
            self._balance(channels, options["since"], as_json=json)

    def _balance(
        self, channels: list[int] | None, since: datetime | None, *, as_json: bool
    ) -> None:
        sums = ledger.balance(channel_ids=channels, since=since).as_dict()
        if as_json:
            self.stdout.write(json.dumps(sums))
            return
        for name, value in sums.items():
            self.stdout.write(f"{name:<10} {value}")

    def _rows(self, found: list[ledger.Row], *, as_json: bool) -> None:
        names = dict(Channel.objects.values_list("pk", "external_id"))
        rows = [
            {
                "hour": in_utc(row.hour),
                "channel": names.get(row.channel) if row.channel else None,
                **row.sums.as_dict(),
            }
            for row in found
        ]
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            counts = "  ".join(f"{name} {value}" for name, value in row.items() if name not in HEAD)
            head = "  ".join(str(row[name] or "-") for name in HEAD)
            self.stdout.write(f"{head}  {counts}")

    def _trace(self, wamid: str, *, as_json: bool) -> None:
        found = [
            {"organization": organization.slug, **story}
            for organization in Organization.objects.order_by("pk")
            if any((story := whole(ledger.trace(organization, wamid)))[part] for part in PARTS)
        ]
        if not found:
            raise CommandError("Nothing is known of this id: no delivery, message or status.")
        if as_json:
            self.stdout.write(json.dumps(found[0] if len(found) == 1 else found, default=str))
            return
        for story in found:
            self.stdout.write(f"{wamid} in {story['organization']}")
            for sentence in sentences(story):
                self.stdout.write(f"  {sentence}")


HEAD = ("hour", "channel")
