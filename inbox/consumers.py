"""The agents' socket: says who may listen, forwards what the hub hands it."""

from __future__ import annotations

import json
import time
from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer

from inbox import hub, realtime, tickets
from inbox.access import LARGEST_ID
from inbox.tickets import Ticket
from outbound.courtesies import TYPING_EVERY_SECONDS

# Daphne's protocol takes 1000 and 3000 to 4999 only, so a restart cannot say 1012: its sockets
# end without a word (1006). The page comes back after any code; after two of these it says that
# its agent is logged out.
UNAUTHORIZED = 4401
LONGEST_FRAME = 2000


class InboxConsumer(AsyncWebsocketConsumer):
    """One browser tab. It hears through the hub, so it needs no channel of its own."""

    channel_layer_alias = "unused"
    ticket: Ticket

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened: int | None = None
        self.followed: frozenset[int] = frozenset()
        self.is_admitted = False
        self.may_type_at = 0.0

    async def connect(self) -> None:
        """Members come in; others are told to log in, by a code their page understands."""
        await self.accept()
        ticket = await hub.in_thread(tickets.admit, self.scope)
        if ticket is None:
            await self.close(UNAUTHORIZED)
            return
        self.ticket, self.is_admitted = ticket, True
        here = hub.current()
        head = await here.enter(self)
        await self.tell(
            {
                "type": "hello",
                "group": realtime.organization_group(ticket.organization_id),
                "from": head,
                "to": head,
                "heartbeat": hub.HEARTBEAT_SECONDS,
                "delayed": here.is_deaf,
            }
        )

    async def disconnect(self, code: int) -> None:
        """Out of the hub."""
        if self.is_admitted:
            hub.current().leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{type: "open", conversation: id}`, `{type: "leave"}`, or `{type: "typing"}` in the
        open conversation; anything else is ignored.
        """
        frame = _parsed(text_data)
        if not self.is_admitted:
            return
        if frame.get("type") == "leave":
            self.opened, self.followed = None, frozenset()
        elif frame.get("type") == "open":
            await self._open(frame.get("conversation"))
        elif frame.get("type") == "typing":
            await self._type()

    async def _open(self, conversation_id: object) -> None:
        """Join after a permission check; the head is read after joining, so nothing is missed."""
        self.opened, self.followed = None, frozenset()
        self.may_type_at = 0.0
        if not isinstance(conversation_id, int) or not 0 < conversation_id <= LARGEST_ID:
            return
        group = realtime.conversation_group(conversation_id)
        heads = await hub.in_thread(tickets.open_conversation, self.ticket, conversation_id)
        if not heads:
            await self.tell({"type": "conversation.denied", "group": group})
            return
        self.opened, self.followed = conversation_id, frozenset(heads)
        heads = await hub.in_thread(tickets.open_conversation, self.ticket, conversation_id)
        head = heads.get(conversation_id, 0)
        await self.tell({"type": "conversation.opened", "group": group, "from": head, "to": head})

    async def _type(self) -> None:
        """The agent types here; passed on no more often than the customer could see it."""
        now = time.monotonic()
        if self.opened is None or now < self.may_type_at:
            return
        self.may_type_at = now + TYPING_EVERY_SECONDS
        await hub.in_thread(tickets.typing, self.ticket, self.opened)

    async def tell(self, frame: dict[str, Any]) -> None:
        """Send one frame."""
        await self.send(text_data=json.dumps(frame))

    async def deliver(self, frame: str) -> None:
        """Send one frame that is encoded already."""
        await self.send(text_data=frame)

    async def heartbeat(self, organizations: dict[int, int], timelines: dict[int, int]) -> None:
        """The true heads of what this tab shows."""
        organization_id = self.ticket.organization_id
        head = organizations.get(organization_id, 0)
        heads = {realtime.organization_group(organization_id): head}
        for conversation_id in self.followed & timelines.keys():
            heads[realtime.conversation_group(conversation_id)] = timelines[conversation_id]
        await self.tell(
            {
                "type": "heartbeat",
                "group": realtime.organization_group(organization_id),
                "from": head,
                "to": head,
                "heads": heads,
                "delayed": hub.current().is_deaf,
            }
        )


def _parsed(text: str | None) -> dict[str, Any]:
    if not text or len(text) > LONGEST_FRAME:
        return {}
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
