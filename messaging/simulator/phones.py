"""What the customers' phones show: people, chats, messages. In memory; `history` keeps it.

Directions are the phone's own: "out" is what the customer wrote, "in" what the team answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from messaging.simulator.customers import (
    Channel,
    Customer,
    from_demo,
    unknown_channel,
    unknown_customer,
)
from messaging.simulator.demo import DemoCustomer
from messaging.simulator.options import Option
from messaging.simulator.previews import shown_text

MESSAGES_KEPT = 100  # per chat
CHATS_KEPT = 1_000
LISTED_AT_MOST = 30
TYPING_SECONDS = 25  # the platform hides the indicator after that


@dataclass(slots=True, kw_only=True)
class Message:
    """One bubble. Status of "out": sent, delivered (the webhook was answered 200), read by the
    team. Of "in": received, read by the customer. `to` is the address that the team used."""

    id: str
    direction: str
    type: str
    text: str
    at: str
    status: str
    quoted: str | None = None
    to: str = ""
    callback_data: str | None = None
    is_being_told: bool = False  # its sent and delivered statuses are still to come
    is_settled: bool = False
    options: tuple[Option, ...] = ()  # what the customer can press below it
    file: str = ""  # the id of its file at the platform


@dataclass(slots=True)
class Chat:
    """One customer with one number of the business."""

    customer: Customer
    channel: Channel
    messages: dict[str, Message] = field(default_factory=dict)
    viewers: int = 0
    typing_until: float = 0.0

    @property
    def is_open(self) -> bool:
        """Somebody looks at it on the phone page."""
        return self.viewers > 0

    def unread(self) -> list[Message]:
        """What the team wrote and the customer has not seen."""
        return [message for message in self.messages.values() if message.status == "received"]


class Phones:
    """All phones. Remembers the last chats and messages only, so that a load test fits in."""

    def __init__(self, channels: Iterable[Channel], customers: Iterable[DemoCustomer]) -> None:
        self.channels = {channel.phone_number_id: channel for channel in channels}
        self._customers: dict[str, Customer] = {}
        self._by_user_id: dict[str, Customer] = {}
        self._chats: dict[tuple[str, str], Chat] = {}  # the least recently used first
        self._chat_of: dict[str, Chat] = {}  # by message id
        for customer in customers:
            self.add(from_demo(customer))

    def add(self, customer: Customer) -> Customer:
        """Put in somebody new, or what is newly known of somebody."""
        known = self._customers.get(customer.id)
        if known:
            self._by_user_id.pop(known.user_id, None)
        self._customers[customer.id] = customer
        self._by_user_id[customer.user_id] = customer
        return customer

    def find(self, *, phone: str | None, user_id: str | None) -> Customer | None:
        found = self._customers.get(phone) if phone else None
        if found is None and user_id:
            found = self._by_user_id.get(user_id) or self._customers.get(user_id)
        return found

    def reached(self, *, phone: str | None, user_id: str | None) -> Customer:
        """Whoever has that address, made up if nobody is known to."""
        found = self.find(phone=phone, user_id=user_id)
        return found or self.add(unknown_customer(phone=phone, user_id=user_id))

    def customer(self, customer_id: str) -> Customer | None:
        return self._customers.get(customer_id)

    def listed(self) -> list[Customer]:
        """Who stands on the phone page: the cast and the invented, then the latest others."""
        fixed = [each for each in self._customers.values() if each.is_listed]
        latest = {
            chat.customer.id: chat.customer
            for chat in reversed(self._chats.values())
            if not chat.customer.is_listed
        }
        return (fixed + list(latest.values()))[: max(LISTED_AT_MOST, len(fixed))]

    def channel(self, phone_number_id: str) -> Channel:
        """The number of that id; one nobody configured is made up."""
        known = self.channels.get(phone_number_id)
        if known is None:
            known = self.channels[phone_number_id] = unknown_channel(phone_number_id)
        return known

    def chat(self, customer: Customer, channel: Channel) -> Chat:
        """Their chat, from now on the most recently used."""
        key = (customer.id, channel.phone_number_id)
        chat = self._chats.pop(key, None) or Chat(customer, channel)
        chat.customer = customer
        self._chats[key] = chat
        if len(self._chats) > CHATS_KEPT:
            self._forget_oldest()
        return chat

    def chats(self) -> Iterator[Chat]:
        yield from self._chats.values()

    def peek(self, customer: Customer, channel: Channel) -> Chat | None:
        """Their chat if there is one, without making or touching it."""
        return self._chats.get((customer.id, channel.phone_number_id))

    def chat_of(self, message_id: str) -> Chat | None:
        return self._chat_of.get(message_id)

    def put(self, chat: Chat, message: Message) -> Message:
        """Show `message` at the end of `chat`."""
        chat.messages[message.id] = message
        self._chat_of[message.id] = chat
        if len(chat.messages) > MESSAGES_KEPT:
            oldest = next(iter(chat.messages))
            del chat.messages[oldest]
            self._chat_of.pop(oldest, None)
        return message

    def seen_by_team(self, message_id: str) -> Chat | None:
        """Mark that message of the customer and all before it as read; its chat, if known."""
        chat = self._chat_of.get(message_id)
        if chat is None:
            return None
        for message in chat.messages.values():
            if message.direction == "out":
                message.status = "read"
            if message.id == message_id:
                break
        return chat

    def _forget_oldest(self) -> None:
        old = (
            (key, chat)
            for key, chat in self._chats.items()
            if not (chat.customer.is_listed or chat.is_open)
        )
        key, chat = next(old, (None, None))
        if key is None or chat is None:
            return
        del self._chats[key]
        for message_id in chat.messages:
            self._chat_of.pop(message_id, None)
        others = any((chat.customer.id, each) in self._chats for each in self.channels)
        if not others:
            self._customers.pop(chat.customer.id, None)
            self._by_user_id.pop(chat.customer.user_id, None)


def written(message: dict[str, Any], at: str) -> Message:
    """The customer's own bubble for a webhook message (free-form JSON, hence Any)."""
    kind = str(message.get("type", "unknown"))
    context = message.get("context")
    return Message(
        id=message["id"],
        direction="out",
        type=kind,
        text=shown_text(kind, message.get(kind)),
        at=at,
        status="sent",
        quoted=context.get("id") if isinstance(context, dict) else None,
        file=file_in(message.get(kind)),
    )


def file_in(content: Any) -> str:
    """The id of the file that a message's object names, whatever its shape."""
    media_id = content.get("id") if isinstance(content, dict) else None
    return media_id if isinstance(media_id, str) and media_id.isalnum() else ""


def timestamp() -> str:
    """Now, in UTC with microseconds and Z; sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
