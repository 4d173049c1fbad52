"""Changed rows of the list, read once and rendered once per language for all viewers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import timezone, translation

from inbox import access, queries, realtime, rows
from inbox.models import ReadMark
from inbox.tickets import Ticket
from messaging.models import Conversation

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in one organisation's list between two of its numbers."""

    organization_id: int
    from_seq: int
    to_seq: int
    is_complete: bool
    conversations: tuple[Conversation, ...]
    html: dict[str, dict[int, str]]
    reads: dict[tuple[int, int], int]

    def frame(self, ticket: Ticket) -> str:
        """`list.changed` for one viewer: the rows they may see, and how far they have read."""
        html = self.html[ticket.language]
        visible = ",".join(
            f'{{"id":{row.pk},"read":{self.reads.get((ticket.user_id, row.pk), 0)},'
            f'"html":{html[row.pk]}}}'
            for row in self.conversations
            if ticket.scope.sees(row)
        )
        group = realtime.organization_group(self.organization_id)
        return (
            f'{{"type":"list.changed","group":"{group}","from":{self.from_seq},'
            f'"to":{self.to_seq},"rows":[{visible}]}}'
        )


def read_changes(organization_id: int, after: int, tickets: Iterable[Ticket]) -> Changes:
    """The next changes after a number, a fixed number of queries whatever their count.

    At most MOST_ROWS rows: then `to_seq` is the last one's, and the rest is the next frame's.
    """
    viewers = list(tickets)
    head = queries.organization_head(organization_id)
    changed = access.rows_for_scopes(organization_id).filter(changed_seq__gt=after)
    found = list(queries.with_row_parts(changed).order_by("changed_seq")[:MOST_ROWS])
    is_complete = len(found) < MOST_ROWS
    return Changes(
        organization_id=organization_id,
        from_seq=after,
        to_seq=max(head, after) if is_complete else found[-1].changed_seq,
        is_complete=is_complete,
        conversations=tuple(found),
        html={language: _rendered(found, language) for language in {v.language for v in viewers}},
        reads=_reads(found, viewers),
    )


def _rendered(found: list[Conversation], language: str) -> dict[int, str]:
    now = timezone.now()
    with translation.override(language):
        return {
            row.pk: json.dumps(
                render_to_string("inbox/_row.html", {"row": rows.row_of(row, now=now)})
            )
            for row in found
        }


def _reads(found: list[Conversation], viewers: list[Ticket]) -> dict[tuple[int, int], int]:
    marks = ReadMark.objects.filter(
        conversation__in=found, user__in={ticket.user_id for ticket in viewers}
    )
    return {
        (user_id, conversation_id): count
        for user_id, conversation_id, count in marks.values_list(
            "user_id", "conversation_id", "inbound_count"
        )
    }
