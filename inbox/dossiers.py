"""What happened with a person so far: notes on them, who answered, their episodes and files.

Everything is read of conversations that the member was found to see (`contacts.people`), of all
channels and of whomever the person was merged from. A fixed number of queries, whatever there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import cursors, media
from inbox.rows import time_left
from messaging.models import Direction, Episode, Message, User
from messaging.sql import execute

if TYPE_CHECKING:
    from datetime import datetime

    from inbox.media import Attachment

Row = TypeVar("Row", Message, Episode)
MOST = 20
FILES = 12
PICTURES = ("image", "video")
FILE_KINDS = (*PICTURES, "document")


@dataclass(frozen=True, slots=True)
class Answerer:
    """Somebody of the team who wrote to the person, and when last."""

    user: User
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """One episode, with who ended it and how long it took."""

    episode: Episode
    resolved_by: User | None
    lasted: str


@dataclass(frozen=True, slots=True)
class File:
    """One file of a conversation, and the message it came with."""

    message: Message
    attachment: Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All of it; a cursor is "" on the last page."""

    notes: Sequence[Message]
    answerers: Sequence[Answerer]
    periods: Sequence[Period]
    older_periods: str
    pictures: Sequence[File]
    documents: Sequence[File]
    older_files: str

    @property
    def has_files(self) -> bool:
        """Whether there is anything to show, on this page at least."""
        return bool(self.pictures or self.documents)


def dossier_of(
    conversation_ids: Collection[int], *, periods_before: str = "", files_before: str = ""
) -> Dossier:
    """Of conversations that the reader may see. Raises BadCursor."""
    ids = sorted(conversation_ids)
    episodes, older_periods = _page(
        Episode.objects.filter(conversation__in=ids).select_related("conversation__channel"),
        "opened_at",
        before=periods_before,
        limit=MOST,
    )
    last = _last_answers(ids)
    resolvers = _resolvers(episodes)
    users = User.objects.in_bulk({*last, *resolvers.values()})
    files, older_files = _files(ids, before=files_before)
    return Dossier(
        notes=_notes(ids),
        answerers=[Answerer(users[pk], at) for pk, at in last.items() if pk in users],
        periods=[_period(each, resolvers, users) for each in episodes],
        older_periods=older_periods,
        pictures=[file for file in files if file.message.kind in PICTURES],
        documents=[file for file in files if file.message.kind not in PICTURES],
        older_files=older_files,
    )


def lasted(length: timedelta) -> str:
    """Days, or hours and minutes: "3 days", "1 h 02 m"."""
    if length >= timedelta(days=2):
        return ngettext("%(count)d day", "%(count)d days", length.days) % {"count": length.days}
    return time_left(length) if length >= timedelta(minutes=1) else _("less than a minute")


def _notes(ids: list[int]) -> list[Message]:
    rows = Message.objects.filter(conversation__in=ids, kind="note").select_related("author")
    return list(rows.order_by("-sort_at", "-pk")[:MOST])


def _last_answers(ids: list[int]) -> dict[int, datetime]:
    rows = Message.objects.filter(
        conversation__in=ids, direction=Direction.OUT, author__isnull=False
    )
    last = rows.values("author").annotate(last_at=Max("sort_at")).order_by("-last_at", "author")
    return dict(last.values_list("author", "last_at")[:MOST])


def _period(episode: Episode, resolvers: Mapping[int, int], users: Mapping[int, User]) -> Period:
    ended = episode.resolved_at
    return Period(
        episode=episode,
        resolved_by=users.get(resolvers.get(episode.pk, 0)),
        lasted=lasted(ended - episode.opened_at) if ended else "",
    )


def _resolvers(episodes: Sequence[Episode]) -> dict[int, int]:
    """Who ended them, by the line in the timeline that the same transaction has written."""
    ended = [each.pk for each in episodes if each.resolved_at]
    return {pk: author for pk, author in execute(RESOLVERS, [ended]) if author} if ended else {}


def _files(ids: list[int], *, before: str) -> tuple[list[File], str]:
    rows = Message.objects.filter(conversation__in=ids, kind__in=FILE_KINDS).shown()
    found, cursor = _page(rows.prefetch_related("media"), "sort_at", before=before, limit=FILES)
    files = [File(message, each) for message in found for each in media.attachments(message)]
    return files, cursor


def _page(rows: QuerySet[Row], by: str, *, before: str, limit: int) -> tuple[list[Row], str]:
    """The newest first by a moment, then by id, below the cursor. Raises BadCursor."""
    if before:
        moment, number = cursors.decode(before)
        rows = rows.filter(Q(**{f"{by}__lt": moment}) | Q(**{by: moment, "pk__lt": number}))
    found = list(rows.order_by(f"-{by}", "-pk")[: limit + 1])
    if len(found) <= limit:
        return found, ""
    last = found[limit - 1]
    return found[:limit], cursors.encode(getattr(last, by), last.pk)


RESOLVERS = """
SELECT episode.id, (
  SELECT message.author_id FROM messaging_message AS message
  WHERE message.conversation_id = episode.conversation_id AND message.kind = 'event'
    AND message.content->'event'->>'type' = 'resolved'
    AND message.received_at BETWEEN episode.opened_at AND episode.resolved_at
  ORDER BY message.sort_at DESC, message.id DESC LIMIT 1
)
FROM messaging_episode AS episode WHERE episode.id = ANY(%s)
"""
