"""Cloud API webhook fields that are no messages → notices, with what they do to our rows; pure.

Source: Cloud API, "Webhooks › Fields". A field we do not know is kept as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from messaging.items import (
    ChannelChange,
    ContactName,
    Effect,
    Identity,
    IdentityChange,
    Item,
    Malformed,
    Notice,
    Preference,
)
from messaging.providers.cloud.people import MOST_NAME, OF_PERSON, identities, identity
from messaging.providers.cloud.place import Place, digits
from messaging.providers.values import mapping, moment, text

UPGRADED_THROUGHPUT = 1000  # messages a second; Source: Cloud API, "Throughput"
OPT_OUT, OPT_IN = frozenset({"stop"}), frozenset({"resume", "signup"})
# News that is a list: each of its entries is an item of its own.
LISTS = {
    "user_id_update": "user_id_update",
    "user_preferences": "user_preferences",
    "smb_app_state_sync": "state_sync",
}


def decode(field: str, value: dict[str, Any], *, at: int | None, now: float) -> Iterator[Item]:
    """The notices of one change; `at` is when its entry says it happened."""
    channel = Place.of(value, now).channel
    name = LISTS.get(field, "")
    entries = value.get(name) if name else None
    if entries is None:
        yield Notice(
            kind="errors" if field == "messages" and value.get("errors") else field,
            payload=value,
            channel=channel,
            at=at,
            effect=_of_channel(field, value),
        )
        return
    if not isinstance(entries, list):
        yield Malformed(kind="notice", reason=f"{name} is no list", payload=value)
        return
    for entry in entries:
        if isinstance(entry, dict):
            effect = EFFECTS[field](entry, now)
            yield Notice(kind=field, payload=entry, channel=channel, at=at, effect=effect)
        else:
            yield Malformed(kind="notice", reason=f"{name} holds no object", payload=entry)


def _of_ids(entry: dict[str, Any], now: float) -> Effect | None:
    """A rotated business-scoped id; without a phone the stored one is no longer theirs to use."""
    user, parent = mapping(entry.get("user_id")), mapping(entry.get("parent_user_id"))
    phone = identity(entry.get("wa_id"))
    previous = _present(identity(user.get("previous")), identity(parent.get("previous")))
    current = _present(identity(user.get("current")), identity(parent.get("current")), phone)
    if not previous or not current:
        return None
    return IdentityChange(previous=previous, current=current, drops_phone=phone is None)


def preference_of(entry: dict[str, Any], now: float) -> Preference | None:
    """What somebody chose about offers in WhatsApp; None where it is about something else."""
    wish = text(entry.get("value")).lower()
    who = identities(entry, OF_PERSON)
    if text(entry.get("category")) != "marketing_messages" or wish not in OPT_OUT | OPT_IN:
        return None
    return Preference(
        identities=who,
        wants_marketing=wish in OPT_IN,
        at=moment(entry.get("timestamp"), now=now),
    )


def _of_address_book(entry: dict[str, Any], now: float) -> Effect | None:
    contact = mapping(entry.get("contact"))
    who = identities(contact, ("phone_number", "user_id"))
    name = text(contact.get("full_name"), most=MOST_NAME) or text(
        contact.get("first_name"), most=MOST_NAME
    )
    is_removed = text(entry.get("action")) == "remove"
    return ContactName(identities=who, name="" if is_removed else name) if who else None


def _of_channel(field: str, value: dict[str, Any]) -> Effect | None:
    decode_channel = OF_CHANNEL.get(field)
    return decode_channel(value) if decode_channel else None


def _of_quality(value: dict[str, Any]) -> Effect | None:
    event = text(value.get("event"), most=40)
    limit = value.get("max_daily_conversations_per_business") or value.get("current_limit")
    return ChannelChange(
        number=digits(value.get("display_phone_number")),
        throughput=UPGRADED_THROUGHPUT if event == "THROUGHPUT_UPGRADE" else None,
        messaging_limit=text(limit, most=40) or None,
        quality={"FLAGGED": "RED", "UNFLAGGED": "GREEN"}.get(event),
    )


def _of_name(value: dict[str, Any]) -> Effect | None:
    if text(value.get("decision")) != "APPROVED":
        return None
    return ChannelChange(
        number=digits(value.get("display_phone_number")),
        verified_name=text(value.get("requested_verified_name"), most=120) or None,
    )


def _of_capability(value: dict[str, Any]) -> Effect | None:
    limit = text(value.get("max_daily_conversations_per_business"), most=40)
    return ChannelChange(messaging_limit="unlimited" if limit == "-1" else limit or None)


def _of_account(value: dict[str, Any]) -> Effect | None:
    """A ban and its end; what else happens to an account is told, and changes no row of ours."""
    state = text(mapping(value.get("ban_info")).get("waba_ban_state"), most=40)
    return ChannelChange(health="" if state == "REINSTATE" else state) if state else None


def _present(*found: Identity | None) -> tuple[Identity, ...]:
    return tuple(each for each in found if each)


EFFECTS: dict[str, Callable[[dict[str, Any], float], Effect | None]] = {
    "user_id_update": _of_ids,
    "user_preferences": preference_of,
    "smb_app_state_sync": _of_address_book,
}
OF_CHANNEL: dict[str, Callable[[dict[str, Any]], Effect | None]] = {
    "phone_number_quality_update": _of_quality,
    "phone_number_name_update": _of_name,
    "business_capability_update": _of_capability,
    "account_update": _of_account,
}
