"""What a page may ring for: how far each conversation is, who was named, what is unread of mine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils import timezone

from inbox import access, listing, realtime, unions
from inbox.filters import Filters
from inbox.models import Mention
from messaging.models import Direction
from messaging.windows import is_genuine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from inbox.unions import Union
    from messaging.models import Membership

    Moments = dict[tuple[int, int], datetime]

MOST_COUNTED = 99
UNREAD_OF_MINE = Filters(view="mine", unread=True)


def news_of(union: Union) -> dict[str, Any]:
    """What tells a browser whether a changed row holds news: numbers, never its text.

    `inbound` grows with every message of the customer that counts, and with nothing else; `heard`
    is when the newest one came, where nothing was said after it.
    """
    message = union.newest.last_message
    is_theirs = (
        message is not None
        and message.direction == Direction.IN
        and not message.is_silent
        and is_genuine(message.kind)
    )
    return {
        "inbound": union.inbound_count,
        "assignee": union.main.assignee_id,
        "heard": realtime.moment(message.received_at) if message and is_theirs else None,
    }


def named_at(user_ids: Iterable[int], conversation_ids: Iterable[int]) -> Moments:
    """When somebody was last named in a note that they have not seen, by person and place."""
    rows = Mention.objects.filter(
        user__in=set(user_ids), conversation__in=set(conversation_ids), seen_at__isnull=True
    )
    newest = rows.values_list("user_id", "conversation_id").annotate(at=Max("created_at"))
    return {(user_id, pk): at for user_id, pk, at in newest}


def newest_of(named: Moments, user_id: int, union: Union) -> str | None:
    """The newest of a union's moments, as frames say it."""
    moments = [named[user_id, pk] for pk in union.key if (user_id, pk) in named]
    return realtime.moment(max(moments, default=None))


def unread_of_mine(membership: Membership) -> int:
    """How many conversations the list "mine, unread" holds, up to one more than MOST_COUNTED."""
    rule = listing.condition(membership, UNREAD_OF_MINE, now=timezone.now())
    rows = unions.shown(access.conversations(membership)).filter(rule)
    return listing.counted({"mine": rows}, most=MOST_COUNTED)["mine"]
