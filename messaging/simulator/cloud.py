"""The platform between the business and its customers: takes messages of both, tells both."""

from __future__ import annotations

import asyncio
import time

import msgspec

from messaging.simulator import payloads
from messaging.simulator.customers import Channel, Customer, channel_from_demo
from messaging.simulator.files import Files
from messaging.simulator.hints import Hints
from messaging.simulator.history import (
    ChannelKnown,
    CustomerKnown,
    History,
    Marked,
    Row,
    Wrote,
    received,
)
from messaging.simulator.phones import TYPING_SECONDS, Chat, Message, Phones, timestamp, written
from messaging.simulator.sending import ReadReceipt, Send
from messaging.simulator.settings import Settings
from messaging.simulator.statuses import Statuses
from messaging.simulator.switches import Faults
from messaging.simulator.webhooks import Webhooks


class Cloud:
    """All that one simulator knows and does. Made and used inside one running event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.timing = msgspec.structs.replace(settings.timing)
        self.hints = Hints()
        self.history = History(settings.data_dir)
        self.files = Files(settings.data_dir)
        channels = [channel_from_demo(channel) for channel in settings.channels]
        self.phones = Phones(channels, settings.customers)
        self.webhooks = Webhooks(settings, self.faults, self.hints.changed)
        self.statuses = Statuses(self.webhooks, self.faults, self.timing, self._note)
        self.template_changes: dict[str, payloads.Json] = {}
        self._posting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Recover what an earlier run left, and go on with it."""
        waiting = self.history.restore(self.phones)
        self._posting = asyncio.create_task(self.webhooks.run())
        for entry in waiting.unacknowledged:
            customer = self.phones.reached(
                phone=entry.message.get("from"), user_id=entry.message["from_user_id"]
            )
            self._announce(customer, self.phones.channel(entry.channel), entry.message)
        for chat, message in waiting.untold:
            self.statuses.start(chat, message)

    async def stop(self) -> None:
        await self.statuses.stop()
        await self.webhooks.stop()
        if self._posting:
            self._posting.cancel()
            await asyncio.gather(self._posting, return_exceptions=True)
        self.history.close()

    def accept(self, channel: Channel, send: Send) -> tuple[Chat, Message]:
        """Take a message of the team: on the customer's phone and in the ledger, at once.

        With `fail_code` on, it never arrives; the caller gets a wamid all the same.
        """
        customer = self.phones.reached(phone=send.phone, user_id=send.user_id)
        chat = self.phones.chat(customer, channel)
        row = Row(
            id=payloads.new_wamid(send.phone or send.input, inbound=False),
            to=send.phone or send.input,
            type=send.type,
            at=timestamp(),
            channel=channel.phone_number_id,
            context={"message_id": send.quoted} if send.quoted else None,
            biz_opaque_callback_data=send.callback_data,
        )
        message = received(row, send.content)
        chat.typing_until = 0.0
        if self.faults.fail_code is None:
            self.history.ledger.append(msgspec.to_builtins(row) | {send.type: send.content})
            self.phones.put(chat, message)
            self.hints.changed()
        return chat, message

    def follow(self, chat: Chat, message: Message) -> None:
        """Let the statuses of an accepted message take their course."""
        if self.faults.fail_code is None:
            self.statuses.start(chat, message)
        else:
            self.statuses.start_failed(chat, message, code=self.faults.fail_code)

    def seen(self, receipt: ReadReceipt) -> None:
        """The team has read a message of a customer, and may be typing."""
        chat = self.phones.seen_by_team(receipt.message_id)
        if chat is None:
            return
        self.history.keep(Marked(timestamp(), receipt.message_id, "seen"))
        if receipt.is_typing:
            chat.typing_until = time.time() + TYPING_SECONDS
        self.hints.changed()

    def write(self, customer: Customer, channel: Channel, content: payloads.Json) -> str:
        """`customer` writes to `channel`; the wamid. `content` may set `id` and `timestamp`."""
        wamid = content.get("id") or payloads.new_wamid(customer.id, inbound=True)
        sent_at = content.get("timestamp") or str(int(time.time()))
        message = payloads.inbound_message(
            customer, wamid=wamid, timestamp=sent_at, content=content | {"id": wamid}
        )
        entry = Wrote(timestamp(), customer.id, channel.phone_number_id, message)
        self.history.keep(entry)
        self.phones.put(self.phones.chat(customer, channel), written(message, entry.at))
        self._announce(customer, channel, message)
        self.hints.changed()
        return str(wamid)

    def know(self, customer: Customer) -> Customer:
        """Keep somebody new, or what is newly known of somebody."""
        self.history.keep(CustomerKnown(timestamp(), customer))
        self.hints.changed()
        return self.phones.add(customer)

    def adopt_channel(self, phone_number_id: str) -> Channel:
        """The number of that id; one nobody configured exists from now on."""
        known = self.phones.channels.get(phone_number_id)
        if known:
            return known
        channel = self.phones.channel(phone_number_id)
        self.history.keep(ChannelKnown(timestamp(), channel))
        return channel

    def tell_account(self, field: str, value: payloads.Json) -> None:
        """Tell news of the account, which belong to no number and no customer."""
        self.webhooks.put(field, "", value, field=field)
        self.hints.changed()

    def _announce(self, customer: Customer, channel: Channel, message: payloads.Json) -> None:
        value = payloads.message_value(channel, customer, message)
        wamid = message["id"]
        update = self.webhooks.put(f"messages: {message.get('type', 'unknown')}", wamid, value)
        update.acknowledged.add_done_callback(
            lambda done: None if done.cancelled() else self._note(wamid, "acknowledged")
        )

    def _note(self, message_id: str, mark: str) -> None:
        """The inbox answered 200 for something that concerns this message."""
        self.history.keep(Marked(timestamp(), message_id, mark))
        chat = self.phones.chat_of(message_id)
        message = chat.messages.get(message_id) if chat else None
        if message and mark == "acknowledged" and message.status == "sent":
            message.status = "delivered"
        elif message and mark == "settled":
            message.is_settled = True
        self.hints.changed()
