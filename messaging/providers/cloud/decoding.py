"""Cloud API webhook bodies → items; pure, and the only file that knows this provider's JSON.

Source: Cloud API, "Webhooks" and "Business-scoped user IDs". Unknown fields, kinds and statuses
are kept; a broken item never hides its neighbours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

from messaging.items import (
    Identity,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    Notice,
    Party,
    StatusUpdate,
)
from messaging.providers.cloud.content import describe
from messaging.providers.cloud.values import Undecodable, mapping, moment, parse, rows, text

BSUID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9]")
PARENT_BSUID = re.compile(r"^[A-Z]{2}\.ENT\.")
SPOKEN = ("messages", "statuses", "message_echoes")
MOST_ID = 255
MOST_NAME = 200


def decode(body: bytes, *, now: float) -> list[Item]:
    """Every item of a body, in order; `now` in Unix seconds judges absurd times.

    An empty or unreadable body is one item that says so.
    """
    try:
        document = parse(body)
    except Undecodable as error:
        name = hashlib.sha256(body).hexdigest()
        return [Malformed(kind="unknown", reason=f"not JSON: {error}", payload=name)]
    if not isinstance(document, dict):
        return [Malformed(kind="unknown", reason="the body is not an object", payload=document)]
    items = [
        item
        for entry in _objects(document.get("entry"), "entry")
        for change in _changes(entry)
        for item in _change(change, now)
    ]
    return items or [Ignored(kind="unknown", reason="empty")]


def _objects(value: Any, name: str) -> list[dict[str, Any] | Malformed]:
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


def _changes(entry: dict[str, Any] | Malformed) -> list[dict[str, Any] | Malformed]:
    return [entry] if isinstance(entry, Malformed) else _objects(entry.get("changes"), "changes")


def _change(change: dict[str, Any] | Malformed, now: float) -> Iterator[Item]:
    if isinstance(change, Malformed):
        yield change
        return
    field = text(change.get("field"), most=60) or "unknown"
    value = change.get("value")
    if not isinstance(value, dict):
        yield Malformed(kind="unknown", reason="the change has no value object", payload=change)
        return
    if odd := next((key for key in SPOKEN if not _is_list_or_none(value.get(key))), None):
        yield Malformed(kind="unknown", reason=f"{odd} is no list", payload=value)
        return
    if field == "history" or not any(_entries(value.get(key)) for key in SPOKEN):
        yield Notice(kind=field, payload=value, channel=_channel(value))
    elif not _channel(value):
        yield Malformed(
            kind="unknown", reason="no phone_number_id says whom it is for", payload=value
        )
    else:
        yield from _conversation(value, field, now)


def _conversation(value: dict[str, Any], field: str, now: float) -> Iterator[Item]:
    people = rows(value.get("contacts"))
    for echo, key in ((False, "messages"), (True, "message_echoes")):
        for raw in _entries(value.get(key)):
            if isinstance(raw, dict):
                yield _message(value, raw, people, echo=echo, now=now)
            else:
                yield Malformed(kind="message", reason="the message is no object", payload=raw)
    for raw in _entries(value.get("statuses")):
        if isinstance(raw, dict):
            yield _status(value, raw, now)
        else:
            yield Malformed(kind="status", reason="the status is no object", payload=raw)
    if isinstance(value.get("errors"), list) and value["errors"]:
        yield Notice(kind="errors", payload={"field": field, "errors": value["errors"]})


def _message(
    value: dict[str, Any],
    raw: dict[str, Any],
    people: list[dict[str, Any]],
    *,
    echo: bool,
    now: float,
) -> Item:
    provider_id = text(raw.get("id"))
    if not provider_id or len(provider_id) > MOST_ID:
        return Malformed(kind="message", reason="the message has no usable id", payload=raw)
    party = _party(raw, people, echo=echo)
    described = describe(raw)
    return InboundMessage(
        channel=_channel(value),
        channel_number=_number(value),
        provider_id=provider_id,
        party=party,
        at=moment(raw.get("timestamp"), now=now),
        kind=described.kind,
        text=described.text,
        content=described.content,
        reply_to=_reply_to(raw),
        echo=echo,
    )


def _party(raw: dict[str, Any], people: list[dict[str, Any]], *, echo: bool) -> Party:
    """Who is on the other side; the contact's row is matched by id, never by position."""
    group = text(raw.get("group_id"), most=MOST_NAME)
    if group:
        return Party(identities=(("group", group),))
    prefix = "to" if echo else "from"
    found = [
        identity
        for key in (prefix, f"{prefix}_user_id", f"{prefix}_parent_user_id")
        if (identity := _identity(raw.get(key)))
    ]
    for person in people:
        theirs = [
            identity
            for key in ("wa_id", "user_id", "parent_user_id")
            if (identity := _identity(person.get(key)))
        ]
        if set(theirs) & set(found) or (not found and len(people) == 1):
            profile = mapping(person.get("profile"))
            return Party(
                identities=tuple(dict.fromkeys(found + theirs)),
                name=text(profile.get("name"), most=MOST_NAME),
                username=text(profile.get("username"), most=MOST_NAME),
            )
    return Party(identities=tuple(dict.fromkeys(found)))


def _identity(value: Any) -> Identity | None:
    """An id and what it is; the shape decides, since ids turn up in each other's places."""
    found = text(value, most=MOST_NAME).strip()
    if not found:
        return None
    if PARENT_BSUID.match(found):
        return ("parent_bsuid", found)
    if BSUID.match(found):
        return ("bsuid", found)
    digits = found.removeprefix("+")
    return ("phone", digits) if digits.isascii() and digits.isdigit() else ("other", found)


def _status(value: dict[str, Any], raw: dict[str, Any], now: float) -> Item:
    provider_id = text(raw.get("id"))
    if not provider_id or len(provider_id) > MOST_ID:
        return Malformed(kind="status", reason="the status has no usable id", payload=raw)
    error = next(iter(rows(raw.get("errors"))), {})
    pricing = raw.get("pricing")
    recipient = (
        raw.get("recipient_participant_id")
        or raw.get("recipient_participant_user_id")
        or raw.get("recipient_id")
        or raw.get("recipient_user_id")
    )
    return StatusUpdate(
        channel=_channel(value),
        channel_number=_number(value),
        provider_id=provider_id,
        status=text(raw.get("status"), most=20) or "unknown",
        at=moment(raw.get("timestamp"), now=now),
        recipient=text(recipient, most=MOST_NAME) if raw.get("recipient_type") == "group" else "",
        opaque=text(raw.get("biz_opaque_callback_data"), most=512),
        error_code=text(error.get("code"), most=20),
        error_title=text(error.get("title")) or text(error.get("message")),
        pricing=pricing if isinstance(pricing, dict) else None,
    )


def _reply_to(raw: dict[str, Any]) -> str:
    """The quoted message's id; flags such as `forwarded` alone are no quote."""
    return text(mapping(raw.get("context")).get("id"), most=MOST_ID)


def _channel(value: dict[str, Any]) -> str:
    return text(mapping(value.get("metadata")).get("phone_number_id"), most=120)


def _number(value: dict[str, Any]) -> str:
    return text(mapping(value.get("metadata")).get("display_phone_number"), most=40)


def _is_list_or_none(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
