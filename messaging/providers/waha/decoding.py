"""WAHA webhook bodies → items; pure, and with its neighbours all that knows WAHA's JSON.

Source: WAHA, "Events" and "Receive messages". Engines differ in details, so nothing is relied on
but what they share; unknown events are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messaging.items import (
    ChannelChange,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    Notice,
    StatusUpdate,
)
from messaging.providers.documents import document_of
from messaging.providers.values import mapping, text
from messaging.providers.waha import amendments
from messaging.providers.waha.chats import MOST_ID, Place, id_of, is_group
from messaging.providers.waha.content import describe
from messaging.providers.waha.event import Event

# Events that change nothing for us; a name that ends in a dot stands for all that begin so.
NEEDLESS = (
    "group.",
    "presence.",
    "poll.",
    "chat.",
    "label.",
    "event.",
    "engine.",
    "state.change",
)
ACKS = {
    "-1": "failed",
    "ERROR": "failed",
    "0": "pending",
    "PENDING": "pending",
    "1": "sent",
    "SERVER": "sent",
    "2": "delivered",
    "DEVICE": "delivered",
    "3": "read",
    "READ": "read",
    "4": "played",
    "PLAYED": "played",
}
ECHO_STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})
ACK_ERROR = "waha_ack_error"


def decode(body: bytes, *, now: float) -> list[Item]:
    """The item of a body; `now` in Unix seconds judges absurd times."""
    if not body.strip():
        return [Ignored(kind="unknown", reason="empty")]
    document = document_of(body)
    if isinstance(document, Malformed):
        return [document]
    return [_item(document, now) if document else Ignored(kind="unknown", reason="empty")]


def _item(document: dict[str, Any], now: float) -> Item:
    event = Event.of(document, now)
    if not event.name:
        return Malformed(kind="unknown", reason="no event is named", payload=document)
    if event.name not in READERS:
        return _other(event)
    kind, read = READERS[event.name]
    if not isinstance(event.payload, dict):
        return Malformed(kind=kind, reason="the event has no payload object", payload=document)
    if not event.session:
        return Malformed(kind=kind, reason="no session says whom it is for", payload=document)
    return read(event)


def _other(event: Event) -> Item:
    if event.name.startswith(NEEDLESS):
        return Ignored(kind="unknown", reason=f"{event.name} needs nothing done")
    payload = {} if event.payload is None else event.payload
    return Notice(kind=event.name, payload=payload, channel=event.session, at=event.at)


def _message(event: Event) -> Item:
    raw: dict[str, Any] = event.payload
    place = event.place(raw)
    if place.elsewhere:
        return Ignored(kind="message", reason=place.elsewhere)
    provider_id = id_of(raw.get("id"))
    if not 0 < len(provider_id) <= MOST_ID:
        return Malformed(kind="message", reason="the message has no usable id", payload=raw)
    is_placeholder = event.name == "message.waiting"
    described = describe({} if is_placeholder else raw)
    status = _ack(raw)
    return InboundMessage(
        channel=event.session,
        channel_number=event.number,
        provider_id=provider_id,
        party=place.party,
        at=event.moment(raw.get("timestamp")),
        kind=described.kind,
        text=described.text,
        content=described.content,
        reply_to=_quoted(event, mapping(raw.get("replyTo")), place),
        echo=place.echo,
        media=described.media,
        sender=place.sender,
        is_placeholder=is_placeholder,
        status=status if place.echo and status in ECHO_STATUSES else "",
    )


def _quoted(event: Event, quoted: dict[str, Any], place: Place) -> str:
    """The quoted message's id; of a bare one the rest is known from who wrote it, and where."""
    found = id_of(quoted.get("id"))[:MOST_ID]
    writer = id_of(quoted.get("participant"))
    if not found or "_" in found or not writer or is_group(place.chat):
        return found
    return f"{'true' if event.is_us(writer) else 'false'}_{place.chat}_{found}"[:MOST_ID]


def _status(event: Event) -> Item:
    raw: dict[str, Any] = event.payload
    place = event.place(raw)
    provider_id = id_of(raw.get("id"))
    if not 0 < len(provider_id) <= MOST_ID:
        return Malformed(kind="status", reason="the status has no usable id", payload=raw)
    if place.elsewhere:
        return Ignored(kind="status", reason=place.elsewhere)
    if raw.get("fromMe") is False or (not place.echo and provider_id.startswith("false_")):
        return Ignored(kind="status", reason="the status of a message that was sent to us")
    status = _ack(raw)
    is_failed = status == "failed"
    # What acknowledges for all of a group names nobody, or ourselves.
    member = id_of(raw.get("participant"))[:MOST_ID] if is_group(place.chat) else ""
    return StatusUpdate(
        channel=event.session,
        channel_number=event.number,
        provider_id=provider_id,
        status=status,
        at=event.moment(raw.get("timestamp")) or event.at,
        recipient="" if event.is_us(member) else member,
        error_code=ACK_ERROR if is_failed else "",
        error_title="WhatsApp did not take the message" if is_failed else "",
    )


def _ack(raw: dict[str, Any]) -> str:
    """The status by number, else by name; a word we do not know stays as it is."""
    name = text(raw.get("ackName"), most=20).strip().upper()
    found = ACKS.get(text(raw.get("ack")).strip()) or ACKS.get(name)
    return found or name.lower() or "unknown"


def _session_status(event: Event) -> Item:
    status = text(event.payload.get("status"), most=40)
    return Notice(
        kind=event.name,
        payload=event.payload,
        channel=event.session,
        at=event.at,
        effect=ChannelChange(health=status) if status else None,
    )


Read = Callable[[Event], Item]
# What the ledger calls an event that cannot be read, and what reads it.
READERS: dict[str, tuple[str, Read]] = {
    "message": ("message", _message),
    "message.any": ("message", _message),
    "message.waiting": ("message", _message),
    "message.reaction": ("reaction", amendments.reaction),
    "message.edited": ("edit", amendments.edit),
    "message.revoked": ("revoke", amendments.revoke),
    "message.ack": ("status", _status),
    "message.ack.group": ("status", _status),
    "session.status": ("notice", _session_status),
}
