"""One per web process: hears pushes, spreads them among this process's sockets.

Four loops while anybody is connected: *listen* passes on what moved, *coalesce* sends list
frames at most ten times a second, *tell* of `whereabouts` says who is where, *pulse* checks
rights, proves that the channel layer hears us, and carries the true heads, so that a lost push
costs at most a heartbeat. Without the channel layer the pulse quickens and finds changes in
Postgres alone.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError, connection

from inbox import coalescer, draft_frames, realtime, tickets
from inbox.realtime import UNREACHABLE, Feed
from inbox.whereabouts import Whereabouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from inbox.consumers import InboxConsumer

logger = logging.getLogger(__name__)

FRAME_SECONDS = 0.1
PULSE_SECONDS = 2.0
HEARTBEAT_SECONDS = 20.0
DEAF_AFTER_SECONDS = 5.0

_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running loop."""
    loop = asyncio.get_running_loop()
    return _hubs.setdefault(loop, Hub())


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run a query beside the loop, on a connection that is given back afterwards."""
    return await database_sync_to_async(_giving_back, thread_sensitive=False)(function, *args)


def _giving_back(function: Callable[..., Any], *args: Any) -> Any:
    try:
        return function(*args)
    finally:
        connection.close()


class Hub:
    """Sockets of this process, and the numbers they were last told."""

    def __init__(self) -> None:
        self.sockets: set[InboxConsumer] = set()
        self.heads: dict[int, int] = {}
        self.timelines: dict[int, int] = {}
        self.is_deaf = False
        self.whereabouts = Whereabouts(self.sockets, in_thread)
        self._feed = Feed()
        self._dirty: set[int] = set()
        self._wake = asyncio.Event()
        self._heard_at = 0.0
        self._beat_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, socket: InboxConsumer) -> int:
        """Add a socket; the number its organisation's list frames will go on from."""
        self.sockets.add(socket)
        organization_id = socket.ticket.organization_id
        await self._tune_in()  # before the loops, or the first of them would sleep a round
        self._start()
        if organization_id not in self.heads:
            organizations, _ = await in_thread(tickets.heads, {organization_id}, set())
            self.heads.setdefault(organization_id, organizations[organization_id])
        return self.heads[organization_id]

    def leave(self, socket: InboxConsumer) -> None:
        """Forget a socket; with the last one the loops end."""
        self.sockets.discard(socket)
        if self.sockets:
            return
        for task in self._tasks:
            task.cancel()
        _hubs.pop(asyncio.get_running_loop(), None)

    # --- loops ---------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._tasks:
            self._heard_at = self._beat_at = time.monotonic()
            loops = (self._listen, self._coalesce, self.whereabouts.tell, self._pulse)
            self._tasks = [asyncio.create_task(_steady(loop)) for loop in loops]

    async def _listen(self) -> None:
        if not self._feed.is_open:
            await asyncio.sleep(PULSE_SECONDS)
            return
        frame = await self._feed.receive()
        self._heard_at = time.monotonic()
        if frame["type"] == "conversations.changed":
            self._mark_dirty(frame["organization"])
            for conversation_id, from_seq, to_seq in frame["moved"]:
                await self._timeline_moved(conversation_id, from_seq, to_seq)
        elif frame["type"] == "lease.changed":
            await self._lease_changed(frame)
        elif frame["type"] == draft_frames.TYPE:
            await _send(draft_frames.deliveries(self.sockets, frame))
        elif frame["type"] == "presence.changed":
            self.whereabouts.mark(frame["organization"])

    async def _coalesce(self) -> None:
        await self._wake.wait()
        self._wake.clear()
        dirty, self._dirty = self._dirty, set()
        for organization_id in dirty:
            await self._send_changes(organization_id)
        await asyncio.sleep(FRAME_SECONDS)

    async def _pulse(self) -> None:
        await asyncio.sleep(PULSE_SECONDS)
        await self._withdraw()
        was_deaf = self.is_deaf
        self.is_deaf = not await self._hears()
        if self.is_deaf != was_deaf:
            await self._tell_all({"type": "live.delayed" if self.is_deaf else "live.restored"})
        is_due = time.monotonic() - self._beat_at >= HEARTBEAT_SECONDS
        if is_due or self.is_deaf or was_deaf:
            await self._compare_heads(beat=is_due)
        await self.whereabouts.refresh()

    # --- what the loops do ---------------------------------------------------------------------

    def _mark_dirty(self, organization_id: int) -> None:
        self._dirty.add(organization_id)
        self._wake.set()

    async def _send_changes(self, organization_id: int) -> None:
        viewers = [s for s in self.sockets if s.ticket.organization_id == organization_id]
        after = self.heads.get(organization_id)
        if not viewers or after is None:
            return
        held = {socket.ticket for socket in viewers}
        changes = await in_thread(coalescer.read_changes, organization_id, after, held)
        if changes.to_seq > after:
            self.heads[organization_id] = changes.to_seq
            # Whoever entered meanwhile starts from the older number, and gets these too, but in
            # a language that may not have been rendered: they pull.
            await _send(s.deliver(changes.frame(s.ticket)) for s in viewers if s.ticket in held)
        if not changes.is_complete:
            self._mark_dirty(organization_id)

    async def _timeline_moved(self, conversation_id: int, from_seq: int, to_seq: int) -> None:
        viewers = [s for s in self.sockets if conversation_id in s.followed]
        if not viewers or to_seq <= self.timelines.get(conversation_id, 0):
            return
        self.timelines[conversation_id] = to_seq
        frame = {
            "type": "conversation.changed",
            "group": realtime.conversation_group(conversation_id),
            "from": from_seq,
            "to": to_seq,
        }
        await _send(socket.tell(frame) for socket in viewers)

    async def _lease_changed(self, frame: dict[str, Any]) -> None:
        """To those who have it before them, and to the former holder wherever they are."""
        self.whereabouts.mark(frame["organization"])
        told = {name: value for name, value in frame.items() if name != "organization"}
        await _send(
            socket.tell(told)
            for socket in tuple(self.sockets)
            if socket.ticket.organization_id == frame["organization"]
            and (
                frame["conversation"] in socket.followed or socket.ticket.user_id == frame["former"]
            )
        )

    async def _withdraw(self) -> None:
        held = {socket.ticket for socket in self.sockets}
        gone = await in_thread(tickets.withdrawn, held)
        await _send(s.close(4401) for s in tuple(self.sockets) if s.ticket in gone)

    async def _hears(self) -> bool:
        try:
            await self._tune_in(raises=True)
            await self._feed.echo(0)
        except UNREACHABLE:
            return False
        return time.monotonic() - self._heard_at < DEAF_AFTER_SECONDS

    async def _tune_in(self, *, raises: bool = False) -> None:
        try:
            if not self._feed.is_open:
                await self._feed.open()
            for organization_id in {s.ticket.organization_id for s in self.sockets}:
                await self._feed.join(realtime.organization_group(organization_id))
        except UNREACHABLE:
            if raises:
                raise

    async def _compare_heads(self, *, beat: bool) -> None:
        followed = {pk for socket in self.sockets for pk in socket.followed}
        here = {socket.ticket.organization_id for socket in self.sockets}
        organizations, conversations = await in_thread(tickets.heads, here, followed)
        for organization_id, head in organizations.items():
            if head > self.heads.get(organization_id, head):
                self._mark_dirty(organization_id)
        for conversation_id, head in conversations.items():
            await self._timeline_moved(
                conversation_id, self.timelines.get(conversation_id, head), head
            )
        if beat:
            self._beat_at = time.monotonic()
            await _send(
                socket.heartbeat(organizations, conversations) for socket in tuple(self.sockets)
            )

    async def _tell_all(self, frame: dict[str, Any]) -> None:
        await _send(socket.tell(frame) for socket in tuple(self.sockets))


async def _steady(loop: Callable[[], Any]) -> None:
    """Run a loop's body for ever: whatever goes wrong in one round, the next one is due.

    Withdrawn rights close sockets by way of a loop, so none may end before the hub does.
    """
    while True:
        try:
            await loop()
        except (DatabaseError, InterfaceError, *UNREACHABLE):
            logger.warning("live updates stumbled", exc_info=True)
            await asyncio.sleep(PULSE_SECONDS)
        except Exception:
            logger.exception("live updates failed")
            await asyncio.sleep(PULSE_SECONDS)


async def _send(deliveries: Iterable[Any]) -> None:
    """Deliver to many; one broken socket does not keep the others waiting."""
    await asyncio.gather(*deliveries, return_exceptions=True)
