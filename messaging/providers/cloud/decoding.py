"""Cloud API webhook bodies → items; pure, and with its neighbours all that knows this JSON.

Source: Cloud API, "Webhooks". Unknown fields, kinds and statuses are kept; a broken item never
hides its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from messaging.items import Ignored, Item, Malformed, Notice, StatusUpdate
from messaging.providers.cloud import history, messages, news
from messaging.providers.cloud.place import Place
from messaging.providers.documents import document_of
from messaging.providers.values import mapping, moment, rows, text

SPOKEN = ("messages", "statuses", "message_echoes", "history")
# What says something about a value, but is nothing to keep by itself.
SURROUNDINGS = frozenset({"messaging_product", "metadata", "contacts"})
MOST_ID = 255
MOST_NAME = 200
Found = dict[str, Any] | Malformed


def decode(body: bytes, *, now: float) -> list[Item]:
    """Every item of a body, in order; `now` in Unix seconds judges absurd times.

    An empty or unreadable body is one item that says so.
    """
    document = document_of(body)
    if isinstance(document, Malformed):
        return [document]
    items = [
        item
        for entry in _objects(document.get("entry"), "entry")
        for change in _changes(entry)
        for item in _change(change, _time_of(entry, now), now)
    ]
    return items or [Ignored(kind="unknown", reason="empty")]


def _objects(value: Any, name: str) -> list[Found]:
    """A list's objects; whatever is in their place instead is malformed, never silence."""
    if value is None:
        return []
    if not isinstance(value, list):
        return [Malformed(kind="unknown", reason=f"{name} is no list", payload=value)]
    return [
        each
        if isinstance(each, dict)
        else Malformed(kind="unknown", reason=f"{name} holds no object", payload=each)
        for each in value
    ]


def _changes(entry: Found) -> list[Found]:
    return [entry] if isinstance(entry, Malformed) else _objects(entry.get("changes"), "changes")


def _time_of(entry: Found, now: float) -> int | None:
    """Management news is dated by its entry."""
    return None if isinstance(entry, Malformed) else moment(entry.get("time"), now=now)


def _change(change: Found, at: int | None, now: float) -> Iterator[Item]:
    if isinstance(change, Malformed):
        yield change
        return
    field = text(change.get("field"), most=60) or "unknown"
    value = change.get("value")
    if not isinstance(value, dict):
        yield Malformed(kind="unknown", reason="the change has no value object", payload=change)
        return
    for odd in SPOKEN:
        if value.get(odd) is not None and not isinstance(value[odd], list):
            yield Malformed(kind="unknown", reason=f"{odd} is no list", payload=value[odd])
    value = {key: value[key] for key in value if key not in SPOKEN or _entries(value[key])}
    if not any(value.get(key) for key in SPOKEN):
        yield from _news(field, value, at, now)
        return
    place = Place.of(value, now)
    if not place.channel:
        yield Malformed(
            kind="unknown", reason="no phone_number_id says whom it is for", payload=value
        )
        return
    yield from _conversation(place, value, field)


def _news(field: str, value: dict[str, Any], at: int | None, now: float) -> Iterator[Item]:
    """What is no message; a value in which nothing is left is no item at all."""
    if any(value[key] for key in value if key not in SURROUNDINGS):
        yield from news.decode(field, value, at=at, now=now)


def _conversation(place: Place, value: dict[str, Any], field: str) -> Iterator[Item]:
    is_past = field == "history"
    for echo, key in ((False, "messages"), (True, "message_echoes")):
        for raw in _entries(value.get(key)):
            if isinstance(raw, dict):
                yield messages.decode(place, raw, echo=echo, is_silent=is_past)
            else:
                yield Malformed(kind="message", reason="the message is no object", payload=raw)
    yield from history.decode(place, _entries(value.get("history")))
    for raw in _entries(value.get("statuses")):
        if isinstance(raw, dict):
            yield _status(place, raw)
        else:
            yield Malformed(kind="status", reason="the status is no object", payload=raw)
    if isinstance(value.get("errors"), list) and value["errors"]:
        yield Notice(
            kind="errors",
            payload={"field": field, "errors": value["errors"]},
            channel=place.channel,
        )


def _status(place: Place, raw: dict[str, Any]) -> Item:
    provider_id = text(raw.get("id"))
    if not provider_id or len(provider_id) > MOST_ID:
        return Malformed(kind="status", reason="the status has no usable id", payload=raw)
    if text(raw.get("type")) == "payment":
        # Its status words (captured, pending, failed) are of the payment, not the message.
        return Notice(kind="payment", payload=raw, channel=place.channel)
    error = next(iter(rows(raw.get("errors"))), mapping(raw.get("errors")))
    pricing = raw.get("pricing")
    return StatusUpdate(
        channel=place.channel,
        channel_number=place.number,
        provider_id=provider_id,
        status=text(raw.get("status"), most=20) or "unknown",
        at=moment(raw.get("timestamp"), now=place.now),
        recipient=_member(raw) if raw.get("recipient_type") == "group" else "",
        opaque=text(raw.get("biz_opaque_callback_data"), most=512),
        error_code=text(error.get("code"), most=20),
        error_title=_title(error),
        pricing=pricing if isinstance(pricing, dict) else None,
    )


def _member(raw: dict[str, Any]) -> str:
    """The one of a group who received or read it; each of them has a status."""
    found = (
        raw.get("recipient_participant_id")
        or raw.get("recipient_participant_user_id")
        or raw.get("recipient_id")
        or raw.get("recipient_user_id")
    )
    return text(found, most=MOST_NAME)


def _title(error: dict[str, Any]) -> str:
    """Older errors have `details` beside the title, newer ones inside `error_data`."""
    details = mapping(error.get("error_data")).get("details")
    return text(error.get("title")) or text(error.get("message")) or text(details)


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
