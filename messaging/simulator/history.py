"""What a restart must find again: the ledger of what was received, and the phones' doings."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from messaging.simulator.customers import Channel, Customer
from messaging.simulator.journal import Journal
from messaging.simulator.options import options_of
from messaging.simulator.phones import Chat, Message, Phones, file_in, written
from messaging.simulator.previews import shown_text


class CustomerKnown(msgspec.Struct, tag_field="what", tag="customer"):
    at: str
    customer: Customer


class ChannelKnown(msgspec.Struct, tag_field="what", tag="channel"):
    at: str
    channel: Channel


class Wrote(msgspec.Struct, tag_field="what", tag="wrote"):
    """A customer wrote; `message` is the webhook's own object."""

    at: str
    customer: str
    channel: str
    message: dict[str, Any]


class Marked(msgspec.Struct, tag_field="what", tag="marked"):
    """Something became of message `id`.

    `acknowledged` and `seen`: the inbox took it, the team read it (what the customer wrote).
    `settled` and `read`: the inbox was told that it arrived, was read (what the team wrote).
    """

    at: str
    id: str
    mark: str


Entry = CustomerKnown | ChannelKnown | Wrote | Marked


class Row(msgspec.Struct, omit_defaults=True):
    """One line of the ledger, without the object of its type, which stands beside `type`."""

    id: str
    to: str
    type: str
    at: str
    channel: str
    context: dict[str, Any] | None = None
    biz_opaque_callback_data: str | None = None


class Waiting(msgspec.Struct):
    """What was under way when the last run ended."""

    unacknowledged: list[Wrote]
    untold: list[tuple[Chat, Message]]


class History:
    """The two files of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.ledger = Journal(data_dir / "ledger.jsonl")
        self._phones = Journal(data_dir / "phones.jsonl")

    def keep(self, entry: Entry) -> None:
        self._phones.append(entry)

    def close(self) -> None:
        self.ledger.close()
        self._phones.close()

    def restore(self, phones: Phones) -> Waiting:
        """Replay both files, merged by time, into `phones`."""
        unacknowledged: dict[str, Wrote] = {}
        events = heapq.merge(self._entries(), self._received(), key=lambda event: event[0].at)
        for entry, content in events:
            match entry:
                case Row():
                    _replay_row(phones, entry, content)
                case Wrote():
                    unacknowledged[entry.message["id"]] = entry
                    _replay_wrote(phones, entry)
                case Marked():
                    if entry.mark == "acknowledged":
                        unacknowledged.pop(entry.id, None)
                    _replay_mark(phones, entry)
                case CustomerKnown():
                    phones.add(entry.customer)
                case ChannelKnown():
                    phones.channels[entry.channel.phone_number_id] = entry.channel
        return Waiting(list(unacknowledged.values()), _untold(phones))

    def _entries(self) -> Iterator[tuple[Entry, None]]:
        decode = msgspec.json.Decoder(Entry).decode
        return ((decode(line), None) for line in self._phones.lines())

    def _received(self) -> Iterator[tuple[Row, Any]]:
        for line in self.ledger.lines():
            fields = msgspec.json.decode(line)
            yield msgspec.convert(fields, Row), fields.get(fields["type"])


def _replay_row(phones: Phones, row: Row, content: Any) -> None:
    is_phone = row.to.isdigit()
    customer = phones.reached(
        phone=row.to if is_phone else None, user_id=None if is_phone else row.to
    )
    chat = phones.chat(customer, phones.channel(row.channel))
    phones.put(chat, received(row, content))


def _replay_wrote(phones: Phones, entry: Wrote) -> None:
    customer = phones.customer(entry.customer)
    if customer:
        chat = phones.chat(customer, phones.channel(entry.channel))
        phones.put(chat, written(entry.message, entry.at))


def _replay_mark(phones: Phones, entry: Marked) -> None:
    chat = phones.chat_of(entry.id)
    if chat is None:
        return
    message = chat.messages[entry.id]
    match entry.mark:
        case "acknowledged" if message.status == "sent":
            message.status = "delivered"
        case "seen":
            phones.seen_by_team(entry.id)
        case "settled":
            message.is_settled = True
        case "read":
            message.status = "read"


def _untold(phones: Phones) -> list[tuple[Chat, Message]]:
    return [
        (chat, message)
        for chat in phones.chats()
        for message in chat.messages.values()
        if message.direction == "in" and not message.is_settled
    ]


def received(row: Row, content: Any) -> Message:
    """The team's bubble for a line of the ledger; `content` may have any shape."""
    return Message(
        id=row.id,
        direction="in",
        type=row.type,
        text=shown_text(row.type, content),
        at=row.at,
        status="received",
        quoted=row.context.get("message_id") if row.context else None,
        to=row.to,
        callback_data=row.biz_opaque_callback_data,
        options=options_of(row.type, content),
        file=file_in(content),
    )
