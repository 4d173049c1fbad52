"""The agents' socket: says who may listen, forwards what the hub hands it."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any, TypeGuard

from channels.generic.websocket import AsyncWebsocketConsumer

from inbox import hub, lease_frames, realtime, tickets
from inbox.access import LARGEST_ID
from inbox.tickets import Ticket
from outbound.courtesies import TYPING_EVERY_SECONDS

# Daphne's protocol takes 1000 and 3000 to 4999 only, so a restart cannot say 1012: its sockets
# end without a word (1006). The page comes back after any code; after two of these it says that
# its agent is logged out.
UNAUTHORIZED = 4401
LONGEST_FRAME = 2000
# Tabs of one browser share a socket.
MOST_OPENED = 50
CLOSED_BY_PAGE = {1000, 1001}
TYPING_SECONDS = {"shown": 3.0, "told": float(TYPING_EVERY_SECONDS)}


class InboxConsumer(AsyncWebsocketConsumer):
    """One browser. It hears through the hub, so it needs no channel of its own."""

    channel_layer_alias = "unused"
    ticket: Ticket

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seat = secrets.token_hex(8)
        self.opened: dict[int, frozenset[int]] = {}
        self.leases: dict[int, int] = {}
        self.is_admitted = False
        self._due_at: dict[tuple[str, int], float] = {}

    @property
    def followed(self) -> frozenset[int]:
        """The conversations that are open here, with those they go on from."""
        return frozenset().union(*self.opened.values())

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
                "user": ticket.user_id,
                "delayed": here.is_deaf,
            }
        )
        await here.whereabouts.greet(self)

    async def disconnect(self, code: int) -> None:
        """Out of the hub, and out of sight.

        A page that was closed gives its leases back; one that was cut off keeps them until they
        run out, since its agent goes on typing.
        """
        if not self.is_admitted:
            return
        here = hub.current()
        try:
            if self.opened:
                await here.whereabouts.leave(self, self.opened)
            for conversation_id, token in self.leases.items() if code in CLOSED_BY_PAGE else ():
                frame = {"type": "unlock", "lease_token": token}
                await hub.in_thread(lease_frames.answer, self.ticket, frame, conversation_id)
        finally:
            here.leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """`{type, conversation, …}`: `open`, `leave` and `typing`, and what leases are asked with;
        anything else is ignored.
        """
        frame = _parsed(text_data)
        conversation_id, kind = frame.get("conversation"), frame.get("type")
        if not self.is_admitted or not _is_id(conversation_id):
            return
        if kind == "open":
            await self._open(conversation_id)
        elif kind == "leave":
            await self._leave(conversation_id)
        elif kind == "typing" and frame.get("mode") != "note":
            await self._type(conversation_id)
        elif kind in lease_frames.TYPES:
            await self._lease(frame, conversation_id)

    async def _open(self, conversation_id: int) -> None:
        """Join after a permission check; the head is read after joining, so nothing is missed."""
        self.opened.pop(conversation_id, None)
        group = realtime.conversation_group(conversation_id)
        heads = await hub.in_thread(tickets.open_conversation, self.ticket, conversation_id)
        if not heads or len(self.opened) >= MOST_OPENED:
            await self.tell({"type": "conversation.denied", "group": group})
            return
        self.opened[conversation_id] = frozenset(heads)
        heads = await hub.in_thread(tickets.open_conversation, self.ticket, conversation_id)
        head = heads.get(conversation_id, 0)
        await self.tell({"type": "conversation.opened", "group": group, "from": head, "to": head})
        await self.tell(await hub.in_thread(lease_frames.now, conversation_id))
        await hub.current().whereabouts.look(self, conversation_id)

    async def _leave(self, conversation_id: int) -> None:
        if self.opened.pop(conversation_id, None):
            await hub.current().whereabouts.leave(self, [conversation_id])

    async def _type(self, conversation_id: int) -> None:
        """The agent types an answer: colleagues see it, and the customer now and then."""
        if conversation_id not in self.opened or not self._is_due("shown", conversation_id):
            return
        told = tickets.typing if self._is_due("told", conversation_id) else tickets.replies_in
        if await hub.in_thread(told, self.ticket, conversation_id):
            await hub.current().whereabouts.reply(self, conversation_id)

    def _is_due(self, what: str, conversation_id: int) -> bool:
        now = time.monotonic()
        if now < self._due_at.get((what, conversation_id), 0.0):
            return False
        self._due_at[what, conversation_id] = now + TYPING_SECONDS[what]
        return True

    async def _lease(self, frame: dict[str, Any], conversation_id: int) -> None:
        answer = await hub.in_thread(lease_frames.answer, self.ticket, frame, conversation_id)
        token = answer.get("lease_token")
        if token is None:
            self.leases.pop(conversation_id, None)
        else:
            self.leases[conversation_id] = token
        await self.tell(answer)

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


def _is_id(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value <= LARGEST_ID


def _parsed(text: str | None) -> dict[str, Any]:
    if not text or len(text) > LONGEST_FRAME:
        return {}
    try:
        frame = json.loads(text)
    except ValueError:
        return {}
    return frame if isinstance(frame, dict) else {}
