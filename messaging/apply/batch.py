"""What one drain transaction knows while it turns items into rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from messaging import timeline
from messaging.items import InboundMessage, Item, Party, StatusUpdate
from messaging.models import Connection, Conversation, Outcome


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
    """A message that is not in the timeline yet, and its place once it is known."""

    work: Work
    item: InboundMessage
    channel_id: int
    contact_id: int = 0
    conversation_id: int = 0
    id: int = 0


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
class Batch:
    """One transaction's worth of items of one connection."""

    connection: Connection
    works: list[Work]
    channels: dict[str, int] = field(default_factory=dict)
    messages: list[NewMessage] = field(default_factory=list)
    statuses: list[HeardStatus] = field(default_factory=list)
    conversations: dict[int, Conversation] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)

    @property
    def organization_id(self) -> int:
        return self.connection.organization_id

    def lock_conversations(self) -> None:
        """Lock every conversation this batch will touch, at once and in order."""
        wanted = {message.conversation_id for message in self.messages}
        wanted |= {status.conversation_id for status in self.statuses if status.conversation_id}
        self.conversations = timeline.lock(wanted)

    def take_number(self, conversation_id: int) -> int:
        """The next number of a locked conversation, which is published at the end."""
        self.touched.add(conversation_id)
        return timeline.take_number(self.conversations[conversation_id])

    def parties(self) -> dict[Party, list[NewMessage]]:
        """New messages by who is on their other side."""
        found: dict[Party, list[NewMessage]] = defaultdict(list)
        for message in self.messages:
            found[message.item.party].append(message)
        return found

    def note(self, work: Work, outcome: Outcome, kind: str, **rest: Any) -> None:
        """Write the item's line in the ledger."""
        self.lines.append(Line(work, outcome, kind, **rest))


def moment(seconds: int | None) -> datetime | None:
    """Unix seconds as an aware time."""
    return None if seconds is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
