"""Who looks and who replies, as the sockets of one process show it and hear of it.

What sockets show is marked in Redis (`locking.presence`) and marked again while they last. What
others show is read from there, at most four times a second, and only what differs is told: to
those who follow the conversation, and as `presence.list` to all whose scope sees it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from inbox import access, leasing, realtime
from locking import presence
from locking.presence import Mark, People
from messaging.models import Conversation, Membership

if TYPE_CHECKING:
    from inbox.access import Scope
    from inbox.consumers import InboxConsumer

VIEWING_SECONDS = 30.0
TYPING_SECONDS = 12.0
REFRESH_SECONDS = 10.0
PAUSE_SECONDS = 0.25

InThread = Callable[..., Awaitable[Any]]


@dataclass(slots=True)
class Room:
    """One organisation as it was last told: people by conversation, with the names for it."""

    people: dict[int, People] = field(default_factory=dict)
    places: dict[int, Conversation] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def said(self, conversation_id: int) -> dict[str, list[dict[str, Any]]]:
        """Who is there, as frames say it."""
        here = self.people.get(conversation_id, People())
        return {"viewing": self._named(here.viewing), "replying": self._named(here.replying)}

    def seen_by(self, scope: Scope, conversation_ids: Iterable[int]) -> dict[str, Any]:
        """Who is where, of the conversations that a scope sees."""
        return {
            str(pk): self.said(pk)
            for pk in conversation_ids
            if pk in self.places and scope.sees(self.places[pk])
        }

    def _named(self, people: Iterable[int]) -> list[dict[str, Any]]:
        return [{"id": pk, "name": self.names[pk]} for pk in people if pk in self.names]


class Whereabouts:
    """Presence in one process; `in_thread` runs what waits for Redis or Postgres."""

    def __init__(self, sockets: set[InboxConsumer], in_thread: InThread) -> None:
        self._sockets = sockets
        self._in_thread = in_thread
        self._rooms: dict[int, Room] = {}
        self._dirty: set[int] = set()
        self._wake = asyncio.Event()
        self._refresh_at = 0.0

    # --- what a socket of ours does --------------------------------------------------------------

    async def look(self, socket: InboxConsumer, conversation_id: int) -> None:
        """Its agent has opened a conversation."""
        await self._put(socket, conversation_id, _viewing(socket, conversation_id), VIEWING_SECONDS)
        room = self._rooms.get(socket.ticket.organization_id)
        if room is not None and conversation_id in room.people:
            await socket.tell(_presence(conversation_id, room.said(conversation_id)))

    async def reply(self, socket: InboxConsumer, conversation_id: int) -> None:
        """Its agent types an answer."""
        await self._put(socket, conversation_id, _replying(socket, conversation_id), TYPING_SECONDS)

    async def leave(self, socket: InboxConsumer, conversation_ids: Iterable[int]) -> None:
        """Its agent has left these conversations."""
        left = tuple(conversation_ids)
        marks = [make(socket, pk) for pk in left for make in (_viewing, _replying)]
        await self._in_thread(presence.drop, _room(socket), marks)
        for pk in left:
            self._hint(socket, pk)

    async def greet(self, socket: InboxConsumer) -> None:
        """Tell a new socket who is where, as far as this process knows; else soon."""
        organization_id = socket.ticket.organization_id
        room = self._rooms.get(organization_id)
        if room is None:
            self.mark(organization_id)
        elif people := room.seen_by(socket.ticket.scope, room.people):
            await socket.deliver(_list(organization_id, people))

    # --- what the hub's loops do -----------------------------------------------------------------

    def mark(self, organization_id: int) -> None:
        """Somebody came or went: read again soon."""
        self._dirty.add(organization_id)
        self._wake.set()

    async def refresh(self) -> None:
        """Marks last while their sockets do; and what has run out since is noticed."""
        if time.monotonic() >= self._refresh_at:
            self._refresh_at = time.monotonic() + REFRESH_SECONDS
            marks: dict[str, list[Mark]] = defaultdict(list)
            for socket in self._sockets:
                marks[_room(socket)] += [_viewing(socket, pk) for pk in socket.opened]
            for room, there in marks.items():
                await self._in_thread(partial(presence.put, room, there, seconds=VIEWING_SECONDS))
        for organization_id in {socket.ticket.organization_id for socket in self._sockets}:
            self.mark(organization_id)

    async def tell(self) -> None:
        """One round: wait until somebody moved, tell what differs, rest."""
        await self._wake.wait()
        self._wake.clear()
        dirty, self._dirty = self._dirty, set()
        for organization_id in dirty:
            await self._tell(organization_id)
        await asyncio.sleep(PAUSE_SECONDS)

    async def _tell(self, organization_id: int) -> None:
        room = self._rooms.setdefault(organization_id, Room())
        changed = await self._in_thread(_read, organization_id, room)
        viewers = [s for s in self._sockets if s.ticket.organization_id == organization_id]
        lists = {scope: room.seen_by(scope, changed) for scope in {s.ticket.scope for s in viewers}}
        frames = {scope: _list(organization_id, people) for scope, people in lists.items()}
        for socket in viewers:
            if lists[socket.ticket.scope]:
                await _quietly(socket.deliver(frames[socket.ticket.scope]))
            for pk in changed & socket.opened.keys():
                await _quietly(socket.tell(_presence(pk, room.said(pk))))

    async def _put(
        self, socket: InboxConsumer, conversation_id: int, mark: Mark, seconds: float
    ) -> None:
        await self._in_thread(partial(presence.put, _room(socket), [mark], seconds=seconds))
        self._hint(socket, conversation_id)

    def _hint(self, socket: InboxConsumer, conversation_id: int) -> None:
        organization_id = socket.ticket.organization_id
        self.mark(organization_id)
        frame = {
            "type": "presence.changed",
            "organization": organization_id,
            "conversation": conversation_id,
        }
        realtime.push(realtime.organization_group(organization_id), frame)


def _read(organization_id: int, room: Room) -> set[int]:
    """Bring a room up to date; the conversations where somebody came or went."""
    found = presence.people(leasing.room_of(organization_id))
    people = {int(resource.partition(":")[2]): here for resource, here in found.items()}
    changed = {
        pk for pk in people.keys() | room.people.keys() if people.get(pk) != room.people.get(pk)
    }
    if changed:
        room.places |= access.rows_for_scopes(organization_id).in_bulk(changed)
        there = {each for here in people.values() for each in (*here.viewing, *here.replying)}
        members = Membership.objects.filter(organization=organization_id, user__in=there)
        room.names |= {each.user_id: str(each.user) for each in members.select_related("user")}
        room.people = people
        kept = people.keys() | changed
        room.places = {pk: place for pk, place in room.places.items() if pk in kept}
    return changed


def _viewing(socket: InboxConsumer, conversation_id: int) -> Mark:
    resource = leasing.resource_of(conversation_id)
    return Mark(resource, socket.ticket.user_id, socket.seat, presence.VIEWING)


def _replying(socket: InboxConsumer, conversation_id: int) -> Mark:
    """A person's own, not a tab's: a reply that was sent takes it away wherever it was typed."""
    return leasing.replying(conversation_id, socket.ticket.user_id)


def _room(socket: InboxConsumer) -> str:
    return leasing.room_of(socket.ticket.organization_id)


def _presence(conversation_id: int, said: dict[str, Any]) -> dict[str, Any]:
    group = realtime.conversation_group(conversation_id)
    return {"type": "presence", "group": group, "conversation": conversation_id, **said}


def _list(organization_id: int, people: dict[str, Any]) -> str:
    group = realtime.organization_group(organization_id)
    return json.dumps({"type": "presence.list", "group": group, "people": people})


async def _quietly(delivery: Awaitable[Any]) -> None:
    """One broken socket does not keep the others waiting."""
    await asyncio.gather(delivery, return_exceptions=True)
