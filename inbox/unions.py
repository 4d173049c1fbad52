"""One person's conversations on one channel, shown as one.

Contacts are merged, messages never move: what somebody wrote before a merge stays in the
conversation it came in. Screens show the union; one of its conversations, the *main* one, stands
in lists, takes replies and goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from messaging import merging
from messaging.carrying import main_of
from messaging.models import Conversation, Direction

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Union:
    """A person's conversations on one channel, as far as somebody may see them."""

    main: Conversation
    beside: tuple[Conversation, ...] = ()

    @property
    def all(self) -> tuple[Conversation, ...]:
        """The main one first."""
        return (self.main, *self.beside)

    @property
    def key(self) -> tuple[int, ...]:
        """What tells unions apart."""
        return tuple(each.pk for each in self.all)

    def seen_by(self, sees: Callable[[Conversation], bool]) -> Union | None:
        """As much of it as somebody may see."""
        seen = [each for each in self.all if sees(each)]
        return union_of(seen, self.main.contact.person.pk) if seen else None

    @property
    def inbound_count(self) -> int:
        """Genuine messages of the customer in all of them."""
        return sum(each.inbound_count for each in self.all)

    @property
    def read_count(self) -> int | None:
        """How many of those the viewer has seen; None where they were read for nobody."""
        counts = [getattr(each, "read_count", None) for each in self.all]
        return None if None in counts else sum(count for count in counts if count)

    @property
    def newest(self) -> Conversation:
        """The one that something was said in last."""
        return max(self.all, key=_said_at)


def shown(visible: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Of each person one conversation a channel: the root's, else the oldest that is visible."""
    others = visible.order_by().filter(channel=OuterRef("channel"))
    better = Q(contact=OuterRef("contact__merged_into")) | Q(
        contact__merged_into=OuterRef("contact__merged_into"), pk__lt=OuterRef("pk")
    )
    parts = visible.order_by().filter(contact__merged_into__isnull=False)
    # By ids, which are few: a list can then be read in its order from its own index.
    return visible.exclude(pk__in=parts.filter(Exists(others.filter(better))).values("pk"))


def unions_of(rows: Sequence[Conversation], visible: QuerySet[Conversation]) -> dict[int, Union]:
    """The union of each of `rows` (read by `queries.with_row_parts`), the others from `visible`.

    No query at all where none of them is of a person who was merged.
    """
    merged = [row for row in rows if _is_merged(row)]
    unions = {row.pk: Union(row) for row in rows}
    if not merged:
        return unions
    roots = merging.family({row.contact_id for row in merged})
    groups: dict[tuple[int, int], dict[int, Conversation]] = defaultdict(dict)
    found = visible.filter(contact__in=roots, channel__in={row.channel_id for row in merged})
    for row in (*found, *merged):
        groups[row.channel_id, roots.get(row.contact_id, row.contact_id)][row.pk] = row
    for (_, root_id), group in groups.items():
        unions |= dict.fromkeys(group, union_of(group.values(), root_id))
    return unions


def union_of(conversations: Collection[Conversation], root_id: int) -> Union:
    """Conversations of the person `root_id` on one channel."""
    main = main_of(conversations, root_id)
    beside = (each for each in conversations if each.pk != main.pk)
    return Union(main, tuple(sorted(beside, key=lambda each: each.pk)))


# Our reactions stand on their targets; in the timeline only those that somebody has to look at.
LOUD = ("failed", "needs_review")
QUIET = Q(kind="reaction", direction=Direction.OUT) & ~Q(status__in=LOUD)


def changed_filter(heads: Mapping[int, int]) -> Q:
    """What was born or changed in conversations above the numbers a reader has of them."""
    chosen = Q(pk__in=[])
    for conversation_id, seq in heads.items():
        chosen |= Q(conversation=conversation_id, changed_seq__gt=seq)
    return chosen


def parse_heads(text: str) -> dict[int, int] | None:
    """Numbers by conversation, as `write_heads` wrote them; None where it is something else."""
    heads = {}
    for pair in text.split(",") if text else ():
        conversation_id, _, seq = pair.partition(":")
        if not (_is_short_number(conversation_id) and _is_short_number(seq)):
            return None
        heads[int(conversation_id)] = int(seq)
    return heads


def write_heads(heads: Mapping[int, int]) -> str:
    """`12:340,15:20`."""
    return ",".join(f"{conversation_id}:{seq}" for conversation_id, seq in sorted(heads.items()))


def heads_now(heads: Mapping[int, int], union: Union) -> dict[int, int]:
    """Where a reader of `heads` stands after a pull."""
    return {each.pk: max(each.head_seq, heads.get(each.pk, 0)) for each in union.all}


def _is_merged(row: Conversation) -> bool:
    return row.contact.merged_into_id is not None or bool(getattr(row, "has_parts", False))


def _said_at(conversation: Conversation) -> datetime:
    moments = (conversation.last_message_at, conversation.last_reaction_at)
    return max((moment for moment in moments if moment), default=LONG_AGO)


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
