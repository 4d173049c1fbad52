from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.management.moments import HELP, moment
from messaging.models import Connection, Outcome
from messaging.replay import Report, Selection, replay


class Command(BaseCommand):
    help = "Run stored deliveries through today's code; says what changes, by ids and fields."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--event", type=int, nargs="+", action="extend", metavar="ID")
        parser.add_argument("--since", type=moment, metavar="TIME", help=f"received since {HELP}")
        parser.add_argument("--until", type=moment, metavar="TIME", help="received before")
        parser.add_argument("--connection", metavar="SLUG", default="")
        told = parser.add_mutually_exclusive_group()
        told.add_argument("--reason", default="", help="with an item whose reason holds this text")
        told.add_argument(
            "--outcome",
            default="",
            choices=[Outcome.DEAD.value, Outcome.IGNORED.value],
            help="with an item of this outcome",
        )
        parser.add_argument("--dry-run", action="store_true", help="tell, and change nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, json: bool, **options: Any) -> None:
        slug = options["connection"]
        if slug and not Connection.objects.filter(slug=slug).exists():
            raise CommandError(f"There is no connection {slug}.")
        selection = Selection(
            event_ids=tuple(options["event"] or ()),
            since=options["since"],
            until=options["until"],
            slug=slug,
            reason=options["reason"],
            outcome=options["outcome"],
        )
        self._tell(replay(selection, is_dry_run=options["dry_run"]), as_json=json)

    def _tell(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_dict()))
            return
        for sentence in _sentences(report):
            self.stdout.write(sentence)
        self.stdout.write(_sum(report))
        if report.pruned:
            self.stdout.write(f"{report.pruned:,} skipped: their bodies are pruned.")


def _sentences(report: Report) -> Iterator[str]:
    for added in report.added:
        name = added.provider_id if report.is_dry_run else f"{added.message} {added.provider_id}"
        yield f"+ message {name} ({added.kind}) of delivery {added.event}"
    for changed in report.changed:
        yield (
            f"~ message {changed.message} in conversation {changed.conversation}:"
            f" {', '.join(changed.fields)}"
        )
    for line in report.lines:
        yield (
            f"~ line {line.event}/{line.position} ({line.kind}):"
            f" {line.before or 'none'} → {line.after or 'none'}"
        )


def _sum(report: Report) -> str:
    counts = f"{report.deliveries:,} deliveries, {report.items:,} items"
    if report.changes_nothing:
        return f"{counts}: nothing changes"
    would = "would be " if report.is_dry_run else ""
    return (
        f"{counts}: {len(report.added):,} messages {would}added,"
        f" {len(report.changed):,} {would}changed, {len(report.lines):,} lines {would}rewritten"
    )
