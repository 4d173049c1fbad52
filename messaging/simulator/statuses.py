"""Tells the inbox what becomes of the messages it sent: sent, delivered, read, or failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress

from messaging.simulator import payloads
from messaging.simulator.phones import Chat, Message
from messaging.simulator.switches import Faults, Timing
from messaging.simulator.webhooks import Update, Webhooks

BEFORE_ANSWER_SECONDS = 20


class Statuses:
    """One course per message. `note(message_id, mark)` is called once the inbox knows."""

    def __init__(
        self,
        webhooks: Webhooks,
        faults: Faults,
        timing: Timing,
        note: Callable[[str, str], None],
    ) -> None:
        self._webhooks = webhooks
        self._faults = faults
        self._timing = timing
        self._note = note
        self._courses: set[asyncio.Task[None]] = set()

    @property
    def scheduled(self) -> int:
        """How many messages have statuses still to come."""
        return len(self._courses)

    def start(self, chat: Chat, message: Message) -> None:
        """Tell all about `message`, step by step, from now on."""
        if self._faults.no_statuses:
            return
        message.is_being_told = True
        reverse = self._faults.out_of_order
        self._start(self._newest_first(chat, message) if reverse else self._in_order(chat, message))

    def start_failed(self, chat: Chat, message: Message, *, code: int) -> None:
        """Tell that `message` failed with `code`; the phone never got it."""
        if not self._faults.no_statuses:
            self._start(self._fail(chat, message, code))

    async def tell_now(self, chat: Chat, message: Message) -> None:
        """Tell everything at once; returns when the inbox has answered 200, or after 20 s."""
        if self._faults.no_statuses:
            return
        names = self._names(chat, message)
        if self._faults.out_of_order:
            names.reverse()
        with suppress(TimeoutError):
            async with asyncio.timeout(BEFORE_ANSWER_SECONDS):
                for name in names:
                    await self._tell(chat, message, name).acknowledged

    def opened(self, chat: Chat) -> None:
        """The customer looks at the chat: everything in it that has arrived is read."""
        for message in chat.unread():
            if not message.is_being_told:
                self._read(chat, message)

    async def stop(self) -> None:
        for course in self._courses:
            course.cancel()
        await asyncio.gather(*self._courses, return_exceptions=True)

    def _start(self, course: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(course)
        self._courses.add(task)
        task.add_done_callback(self._courses.discard)

    async def _in_order(self, chat: Chat, message: Message) -> None:
        await asyncio.sleep(self._timing.sent_seconds)
        await self._tell(chat, message, "sent").attempted
        if _last_of(message) == "delivered":
            await asyncio.sleep(self._timing.delivered_seconds)
            await self._tell(chat, message, "delivered").attempted
        message.is_being_told = False
        if not chat.is_open:
            if self._timing.read_seconds is None:
                return
            await asyncio.sleep(self._timing.read_seconds)
        self._read(chat, message)

    async def _newest_first(self, chat: Chat, message: Message) -> None:
        for name in reversed(self._names(chat, message)):
            await asyncio.sleep(self._timing.sent_seconds)
            await self._tell(chat, message, name).attempted
        message.is_being_told = False

    async def _fail(self, chat: Chat, message: Message, code: int) -> None:
        await asyncio.sleep(self._timing.sent_seconds)
        self._tell(chat, message, "failed", error_code=code)

    def _names(self, chat: Chat, message: Message) -> list[str]:
        if message.type == "reaction":
            return ["sent"]
        is_read = chat.is_open or self._timing.read_seconds is not None
        return ["sent", "delivered", "read"] if is_read else ["sent", "delivered"]

    def _read(self, chat: Chat, message: Message) -> None:
        if message.status != "received":
            return
        if self._faults.no_statuses or message.type == "reaction":
            message.status = "read"
        else:
            self._tell(chat, message, "read")

    def _tell(
        self, chat: Chat, message: Message, name: str, *, error_code: int | None = None
    ) -> Update:
        status: payloads.Json = {
            "id": message.id,
            "status": name,
            "timestamp": str(int(time.time())),
        }
        if message.callback_data is not None:
            status["biz_opaque_callback_data"] = message.callback_data
        value = payloads.status_value(
            chat.channel,
            chat.customer,
            status=status,
            to_phone=message.to.isdigit(),
            error_code=error_code,
        )
        update = self._webhooks.put(f"statuses: {name}", message.id, value)
        if name == "read":
            message.status = "read"
        if name == "read" or name == _last_of(message):
            mark = "read" if name == "read" else "settled"
            update.acknowledged.add_done_callback(
                lambda done: None if done.cancelled() else self._note(message.id, mark)
            )
        return update


def _last_of(message: Message) -> str:
    """The last status that always comes. Of a reaction only `sent` is told."""
    return "sent" if message.type == "reaction" else "delivered"
