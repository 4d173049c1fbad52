from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, QuerySet

from inbox import failures
from inbox.api import serializers
from inbox.management.channels import channel_ids
from inbox.management.moments import HELP, moment
from messaging import dead_letters
from messaging.dead_letters import Filters
from messaging.models import DeadLetter, DeadLetterSource, DeadLetterState

RETRY_SECONDS = 3600.0  # somebody waits for it, and may stop it: the sweeper goes on


class Command(BaseCommand):
    help = "Work that could not be done: list it, try it again, or close it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        texts = {
            "list": "show dead letters; those that wait for a person unless --state says otherwise",
            "retry": "try them again through today's code",
            "discard": "close them for good; the deliveries stay as they came",
        }
        for name, text in texts.items():
            add_filters(actions.add_parser(name, help=text), takes_ids=name != "list")
        actions.choices["discard"].add_argument(
            "--because", default="", metavar="TEXT", help="why they are closed; kept with them"
        )

    def handle(self, *_args: Any, action: str, json: bool, **options: Any) -> None:
        rows = _rows(action, options)
        if action == "list":
            self._list(rows, as_json=json)
            return
        ids = list(rows.values_list("pk", flat=True))
        if options["dry_run"]:
            verb = "retried" if action == "retry" else "discarded"
            self._tell({f"would_be_{verb}": len(ids), "ids": ids}, as_json=json)
        elif action == "retry":
            self._retry(ids, as_json=json)
        else:
            because = options.get("because", "")
            count = failures.discard(ids, by=None, reason=because)
            self._tell({"discarded": count}, as_json=json)

    def _list(self, rows: QuerySet[DeadLetter], *, as_json: bool) -> None:
        if as_json:
            found = [serializers.dead_letter(row) for row in rows]
            self.stdout.write(json.dumps(found))
            return
        for row in rows:
            self.stdout.write(
                f"{row.pk:>8}  {row.source:<10} {row.state:<9} {row.last_at:%Y-%m-%d %H:%M:%S}"
                f"  {row.attempts} attempts  {row.code}: {row.reason}"
            )
        self.stdout.write(f"{rows.count()} dead letters")

    def _retry(self, ids: list[int], *, as_json: bool) -> None:
        before = _counts(ids)
        retried = failures.retry(ids, by=None, seconds=RETRY_SECONDS)
        after = _counts(ids)
        told = {f"{state}_before": count for state, count in before.items()}
        self._tell({"retried": retried, **told, **after}, as_json=as_json)

    def _tell(self, counts: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(counts))
            return
        for name, value in counts.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")


def _counts(ids: list[int]) -> dict[str, int]:
    """How many of them are in each state now."""
    rows = DeadLetter.objects.filter(pk__in=ids).order_by().values_list("state")
    found = dict(rows.annotate(count=Count("pk")))
    return {state: found.get(state, 0) for state in DeadLetterState.values}


def add_filters(parser: ArgumentParser, *, takes_ids: bool, source: str = "") -> None:
    """What narrows the list; without `--source` where the command has one."""
    if not source:
        parser.add_argument("--source", default="", choices=DeadLetterSource.values)
    parser.add_argument("--channel", default="", help="a number's id, ours or the provider's")
    parser.add_argument("--code", default="", help="class of the error")
    parser.add_argument("--state", default="", choices=DeadLetterState.values)
    parser.add_argument("--org", "--organization", default="", metavar="SLUG")
    parser.add_argument("--reason", default="", metavar="TEXT", help="a part of the reason")
    parser.add_argument(
        "--older-than", type=moment, metavar="TIME", help=f"failed last before {HELP}"
    )
    parser.add_argument("--json", action="store_true")
    if takes_ids:
        parser.add_argument("ids", type=int, nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="everything that fits the filters")
        parser.add_argument("--dry-run", action="store_true", help="tell, and do nothing")


def _rows(action: str, options: dict[str, Any]) -> QuerySet[DeadLetter]:
    """What the arguments mean, oldest delivery first. Raises CommandError."""
    rows = DeadLetter.objects.order_by("event_id", "position", "pk")
    ids = options.get("ids") or []
    if action != "list" and bool(ids) == options["all"]:
        raise CommandError("Name dead letters by their ids, or all that fit with --all.")
    if ids:
        rows = rows.filter(pk__in=ids)
    default = "" if ids else DeadLetterState.FAILED
    filters = Filters(
        source=options["source"],
        code=options["code"],
        state=options["state"] or default,
        organization=options["org"],
        reason=options["reason"],
        failed_before=options["older_than"],
    )
    rows = dead_letters.matching(rows, filters)
    return rows.filter(channel__in=channel_ids(options["channel"])) if options["channel"] else rows
