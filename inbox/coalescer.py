"""Changed rows of the list, read once and rendered once per language for all viewers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone, translation

from inbox import access, bells, queries, realtime, rows
from inbox.models import ReadMark
from inbox.tickets import Ticket
from inbox.unions import Union, unions_of

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed in one organisation's list between two of its numbers.

    `parts`, of a row's object, by language and by what of a union its viewer may see: nearly
    always all of it.
    """

    organization_id: int
    from_seq: int
    to_seq: int
    is_complete: bool
    unions: dict[int, Union]
    parts: dict[str, dict[tuple[int, ...], str]]
    reads: dict[tuple[int, int], int]
    named: dict[tuple[int, int], datetime]

    def frame(self, ticket: Ticket) -> str:
        """`list.changed` for one viewer: the rows they may see, how far they have read in them,
        and who named them there.
        """
        group = realtime.organization_group(self.organization_id)
        return (
            f'{{"type":"list.changed","group":"{group}","from":{self.from_seq},'
            f'"to":{self.to_seq},"rows":[{",".join(self._rows(ticket))}]}}'
        )

    def _rows(self, ticket: Ticket) -> Iterator[str]:
        """Rows that changed; those that a main one stands for are gone."""
        parts = self.parts[ticket.language]
        told: set[int] = set()
        for pk, union in self.unions.items():
            seen = union.seen_by(ticket.scope.sees)
            if seen is None or pk not in seen.key:
                continue
            if pk != seen.main.pk:
                yield f'{{"id":{pk},"gone":true}}'
            if seen.main.pk not in told:
                told.add(seen.main.pk)
                read = sum(self.reads.get((ticket.user_id, each), 0) for each in seen.key)
                named = json.dumps(bells.newest_of(self.named, ticket.user_id, seen))
                part = parts[seen.key]
                yield f'{{"id":{seen.main.pk},"read":{read},"named":{named},{part}}}'


def read_changes(organization_id: int, after: int, tickets: Iterable[Ticket]) -> Changes:
    """The next changes after a number, a fixed number of queries whatever their count.

    At most MOST_ROWS rows: then `to_seq` is the last one's, and the rest is the next frame's.
    """
    viewers = list(tickets)
    head = queries.organization_head(organization_id)
    changed = access.rows_for_scopes(organization_id).filter(changed_seq__gt=after)
    found = list(queries.with_row_parts(changed).order_by("changed_seq")[:MOST_ROWS])
    everything = queries.with_row_parts(access.rows_for_scopes(organization_id))
    unions = unions_of(found, everything)
    unions = {row.pk: unions[row.pk] for row in found}
    is_complete = len(found) < MOST_ROWS
    return Changes(
        organization_id=organization_id,
        from_seq=after,
        to_seq=max(head, after) if is_complete else found[-1].changed_seq,
        is_complete=is_complete,
        unions=unions,
        parts=_rendered(unions.values(), viewers),
        reads=_reads(unions.values(), viewers),
        named=bells.named_at(
            (ticket.user_id for ticket in viewers),
            (pk for union in unions.values() for pk in union.key),
        ),
    )


def _rendered(
    unions: Collection[Union], viewers: list[Ticket]
) -> dict[str, dict[tuple[int, ...], str]]:
    parts: dict[str, dict[tuple[int, ...], str]] = {ticket.language: {} for ticket in viewers}
    now = timezone.now()
    for ticket in _differing(viewers):
        rendered = parts[ticket.language]
        with translation.override(ticket.language):
            for union in unions:
                seen = union.seen_by(ticket.scope.sees)
                if seen is not None and seen.key not in rendered:
                    rendered[seen.key] = _part(seen, now)
    return parts


def _part(union: Union, now: datetime) -> str:
    """What a row's object says to everybody, without its braces."""
    html = render_to_string("inbox/_row.html", {"row": rows.row_of(union, now=now)})
    return json.dumps({**bells.news_of(union), "html": html})[1:-1]


def _differing(viewers: list[Ticket]) -> Iterable[Ticket]:
    """One ticket of each language and scope."""
    return {(ticket.language, ticket.scope): ticket for ticket in viewers}.values()


def _reads(unions: Iterable[Union], viewers: list[Ticket]) -> dict[tuple[int, int], int]:
    marks = ReadMark.objects.filter(
        conversation__in={pk for union in unions for pk in union.key},
        user__in={ticket.user_id for ticket in viewers},
    )
    return {
        (user_id, conversation_id): count
        for user_id, conversation_id, count in marks.values_list(
            "user_id", "conversation_id", "inbound_count"
        )
    }
