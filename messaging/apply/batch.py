"""What one drain transaction knows while it turns items into rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging import blocking, timeline
from messaging.items import Amendment, InboundMessage, Item, Notice, Party, StatusUpdate
from messaging.models import Connection, ContactMerge, Conversation, Outcome


@dataclass(frozen=True, slots=True)
class Work:
    """One item, where it came from and when."""

    event_id: int
    received_at: datetime
    position: int
    item: Item


@dataclass(frozen=True, slots=True)
class Line:
    """An item's line in the ledger."""

    work: Work
    outcome: Outcome
    kind: str
    key: str = ""
    reason: str = ""
    channel_id: int | None = None
    message_id: int | None = None


@dataclass(slots=True)
class NewMessage:
    """A message that is not in the timeline yet, and its place once it is known.

    `completed` is the work of the content, where this was a placeholder when it came.
    """

    work: Work
    item: InboundMessage
    channel_id: int
    contact_id: int = 0
    sender_id: int | None = None
    conversation_id: int = 0
    id: int = 0
    completed: Work | None = None


@dataclass(slots=True)
class Filling:
    """What a message that was only a placeholder really says."""

    work: Work
    item: InboundMessage
    channel_id: int
    message_id: int
    conversation_id: int


@dataclass(slots=True)
class HeardStatus:
    """A status and, once known, the message and conversation it speaks of."""

    work: Work
    item: StatusUpdate
    channel_id: int
    message_id: int | None = None
    conversation_id: int | None = None
    is_new: bool = False


@dataclass(slots=True)
class HeardAmendment:
    """An edit, revoke or reaction and, once known, the message it is about."""

    work: Work
    item: Amendment
    channel_id: int
    sender_id: int | None = None
    message_id: int | None = None
    conversation_id: int | None = None


@dataclass(slots=True)
class Batch:
    """One transaction's worth of items of one connection."""

    connection: Connection
    works: list[Work]
    channels: dict[str, int] = field(default_factory=dict)
    messages: list[NewMessage] = field(default_factory=list)
    fillings: list[Filling] = field(default_factory=list)
    statuses: list[HeardStatus] = field(default_factory=list)
    amendments: list[HeardAmendment] = field(default_factory=list)
    fresh_notices: list[tuple[Work, Notice]] = field(default_factory=list)
    merges: list[ContactMerge] = field(default_factory=list)
    affected: set[int] = field(default_factory=set)
    conversations: dict[int, Conversation] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)

    @property
    def organization_id(self) -> int:
        return self.connection.organization_id

    def lock_conversations(self) -> None:
        """Lock every conversation this batch will touch, at once and in order."""
        wanted = {message.conversation_id for message in self.messages} | self.affected
        wanted |= {filling.conversation_id for filling in self.fillings}
        wanted |= {status.conversation_id for status in self.statuses if status.conversation_id}
        wanted |= {each.conversation_id for each in self.amendments if each.conversation_id}
        self.conversations = timeline.lock(wanted)
        if self.messages or self.amendments:
            blocking.mark(self.conversations)

    def take_number(self, conversation_id: int) -> int:
        """The next number of a locked conversation, which is published at the end."""
        self.touched.add(conversation_id)
        return timeline.take_number(self.conversations[conversation_id])

    def parties(self) -> list[Party]:
        """Everybody in new messages whose contact is not known yet, each once."""
        found: dict[Party, None] = {}
        for message in self.messages:
            if not message.contact_id:
                found.setdefault(message.item.party)
            if message.item.sender:
                found.setdefault(message.item.sender)
        for amendment in self.amendments:
            if amendment.item.sender:
                found.setdefault(amendment.item.sender)
        return [party for party in found if party.identities]

    def note(self, work: Work, outcome: Outcome, kind: str, **rest: Any) -> None:
        """Write the item's line in the ledger."""
        self.lines.append(Line(work, outcome, kind, **rest))


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds as an aware time."""
    return None if seconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
