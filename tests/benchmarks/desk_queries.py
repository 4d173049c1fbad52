"""How many queries pages take, and what a list costs as one would write it first.

`python -m tests.benchmarks.desk_queries` reads `{paths: {name: path}, user: id}` from standard
input and prints `{queries: {name: count}, naive: {...}}`; it needs DATABASE_URL.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import listing
from inbox.filters import Filters
from inbox.rows import Row, row_of
from inbox.unions import Union
from messaging.models import Conversation, ConversationState, Direction, Message, User
from tests.benchmarks.desk_requests import headers_of, spread

ROUNDS = 100
SLOW_ROUNDS = 5
DEEP = 20


def count_queries(client: Client, paths: dict[str, str]) -> dict[str, int]:
    """Statements of each page, once its caches are warm."""
    counts = {}
    for name, path in paths.items():
        headers = headers_of(path)
        assert client.get(path, headers=headers).status_code == 200
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(path, headers=headers)
        counts[name] = len(captured)
    return counts


def naive(user: User) -> dict[str, Any]:
    """The same list in the same template: pages by OFFSET, what a row shows asked for row by row,
    exact counts; and a search by ILIKE.
    """
    organization_id = user.memberships.get().organization_id
    mine = Conversation.objects.filter(organization_id=organization_id)
    return {
        "list": _timed(lambda: _list(mine, user, 0)),
        "list, 20 pages down": _timed(lambda: _rows(mine, user, DEEP * listing.ROWS)),
        "counts of three views": _timed(lambda: _counts(mine, user)),
        "search": _timed(lambda: _search(organization_id), SLOW_ROUNDS),
    }


def _list(mine: Any, user: User, offset: int) -> tuple[str, list[int]]:
    return _rows(mine, user, offset), _counts(mine, user)


def _rows(mine: Any, user: User, offset: int) -> str:
    """A page as HTML; each row reads its contact, channel, last message and labels by itself."""
    shown = mine.filter(state=ConversationState.OPEN).order_by("-last_activity_at", "-pk")
    found = [_row(row, user) for row in shown[offset : offset + listing.ROWS]]
    context = {"rows": found, "filters": Filters(), "older_rows": ""}
    return render_to_string("inbox/_rows.html", context)


def _row(row: Any, user: User) -> Row:
    row.read_count = row.inbound_count - _unread(row, user)
    return row_of(Union(row), now=timezone.now(), viewer=user)


def _unread(row: Conversation, user: User) -> int:
    mark = row.read_marks.filter(user=user).first()
    seen = mark.seq if mark else 0
    return row.messages.filter(direction=Direction.IN, seq__gt=seen).count()


def _counts(mine: Any, user: User) -> list[int]:
    opened = mine.filter(state=ConversationState.OPEN)
    return [
        opened.count(),
        opened.filter(assignee=None).count(),
        opened.filter(assignee=user).count(),
    ]


def _search(organization_id: int) -> list[Message]:
    found = Message.objects.filter(organization_id=organization_id, text__icontains="pa0012345")
    return list(found.order_by("-sort_at")[:30])


def _timed(call: Any, rounds: int = ROUNDS) -> dict[str, float]:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    with CaptureQueriesContext(connection) as captured:
        call()
    return {**spread(times), "queries": len(captured)}


def main() -> None:
    """Count and measure."""
    asked = json.load(sys.stdin)
    user = User.objects.get(pk=asked["user"])
    client = Client(HTTP_HOST="localhost")
    client.force_login(user)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    found = {"queries": count_queries(client, asked["paths"]), "naive": naive(user)}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
