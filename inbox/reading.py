"""How far an agent has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest, Least

from inbox.models import ReadMark
from messaging.models import Conversation, Direction, Message, User
from messaging.windows import SILENT_KINDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from messaging.querysets import ConversationQuerySet


def mark_read(user: User, conversation: Conversation, *, seq: int) -> ReadMark:
    """Note that `user` has seen everything up to `seq`; never takes anything back.

    Count and customer's messages above `seq` are read in one statement, so a message that
    arrives meanwhile stays unread.
    """
    counted = (
        Conversation.objects.filter(pk=conversation.pk)
        .annotate(newer=Coalesce(_genuine_after(seq), 0))
        .values_list("inbound_count", "newer", "head_seq")
        .get()
    )
    inbound_count, newer, head_seq = counted
    values = {"seq": min(seq, head_seq), "inbound_count": max(inbound_count - newer, 0)}
    mark, created = ReadMark.objects.get_or_create(
        user=user, conversation=conversation, defaults=values
    )
    if not created:
        ReadMark.objects.filter(pk=mark.pk).update(
            **{name: Greatest(F(name), value) for name, value in values.items()}
        )
        mark.refresh_from_db(fields=list(values))
    return mark


def mark_unread(user: User, conversation_ids: Collection[int]) -> int | None:
    """Put `user` back to before the customer's newest message in these conversations of one
    person, the only act by which a mark shrinks; in which one, or None where that was unread.
    """
    genuine = Message.objects.filter(
        conversation__in=conversation_ids, direction=Direction.IN, is_silent=False
    ).exclude(kind__in=SILENT_KINDS)
    newest = genuine.order_by("-sort_at", "-pk").values("conversation_id", "seq").first()
    if newest is None:
        return None
    before = newest["seq"] - 1
    rows = Conversation.objects.filter(pk=newest["conversation_id"])
    [(heard, newer)] = rows.annotate(newer=_genuine_after(before)).values_list(
        "inbound_count", "newer"
    )
    mine = ReadMark.objects.filter(user=user, conversation=newest["conversation_id"])
    changed = mine.filter(inbound_count__gt=heard - newer).update(
        seq=Least("seq", before), inbound_count=heard - newer
    )
    return newest["conversation_id"] if changed else None


def with_read_count(rows: ConversationQuerySet, user: User) -> QuerySet[Conversation]:
    """`rows` with `read_count`: how many of the customer's messages `user` has seen."""
    mine = ReadMark.objects.filter(user=user, conversation=OuterRef("pk"))
    return rows.annotate(read_count=Coalesce(Subquery(mine.values("inbound_count")[:1]), 0))


def _genuine_after(seq: int) -> Subquery:
    newer = (
        Message.objects.filter(
            conversation=OuterRef("pk"), seq__gt=seq, direction=Direction.IN, is_silent=False
        )
        .exclude(kind__in=SILENT_KINDS)
        .order_by()
        .values("conversation")
        .annotate(total=Count("pk"))
        .values("total")
    )
    return Subquery(newer, output_field=IntegerField())
