"""One Cloud API message or echo → an item; pure.

Source: Cloud API, "Webhooks › messages object" and "WhatsApp Business app users".
"""

from __future__ import annotations

from typing import Any

from messaging.items import Amendment, Identity, IdentityChange, InboundMessage, Item, Malformed
from messaging.items import Party as PartyItem
from messaging.providers.cloud.content import Described, describe, type_of
from messaging.providers.cloud.people import MOST_NAME, identities, identity, party_of
from messaging.providers.cloud.place import Place
from messaging.providers.values import hash_of, mapping, moment, rows, text

MOST_ID = 255
CHANGED = frozenset({"user_changed_number", "user_changed_user_id"})


def decode(
    place: Place,
    raw: dict[str, Any],
    *,
    echo: bool,
    is_silent: bool = False,
    party: PartyItem | None = None,
    status: str = "",
) -> Item:
    """The item that `raw` is; what cannot be one says why. Without an id its hash names it.

    `party` and `status` are known beforehand where the message comes from the past.
    """
    provider_id = _id_of(raw)
    group = text(raw.get("group_id"), most=MOST_NAME)
    sender = party or party_of(raw, place.people, echo=echo, own_number=place.own_number)
    other = PartyItem(identities=(("group", group),)) if group else sender
    member = sender if group and not echo and sender.identities else None
    if type_of(raw) in AMENDMENTS:
        return _amendment(place, raw, provider_id, other, echo=echo, sender=member)
    described = describe(raw)
    change = _change(raw, described, sender)
    return InboundMessage(
        channel=place.channel,
        channel_number=place.number,
        provider_id=provider_id,
        party=other if other.identities else _of_subject(raw),
        sender=member,
        at=moment(raw.get("timestamp"), now=place.now),
        kind=described.kind,
        text=described.text,
        content=described.content,
        media=described.media,
        reply_to=_reply_to(raw),
        echo=echo,
        is_silent=is_silent,
        is_placeholder=described.is_placeholder,
        status=status,
        change=None if is_silent else change,
    )


def _id_of(raw: dict[str, Any]) -> str:
    found = text(raw.get("id"))
    return found if 0 < len(found) <= MOST_ID else hash_of(raw)


def _amendment(
    place: Place,
    raw: dict[str, Any],
    provider_id: str,
    party: PartyItem,
    *,
    echo: bool,
    sender: PartyItem | None,
) -> Item:
    kind = type_of(raw)
    body = mapping(raw.get(kind))
    target = text(body.get(AMENDMENTS[kind]))
    if not target or len(target) > MOST_ID:
        return Malformed(kind=kind, reason="no message is named that it is about", payload=raw)
    now_says = describe(mapping(body.get("message"))) if kind == "edit" else NOTHING
    if now_says.kind == "unsupported":
        return Malformed(kind=kind, reason="it does not say what the message says now", payload=raw)
    return Amendment(
        kind=kind,
        channel=place.channel,
        channel_number=place.number,
        provider_id=provider_id,
        targets=(target,),
        party=party,
        sender=sender,
        at=moment(raw.get("timestamp"), now=place.now),
        text=now_says.text,
        # The edited message quotes what it did before; its own context is a mark of the platform.
        content={key: now_says.content[key] for key in now_says.content if key != "context"},
        emoji=text(body.get("emoji"), most=64),
        echo=echo,
    )


def _reply_to(raw: dict[str, Any]) -> str:
    """The quoted message's id; flags such as `forwarded` alone are no quote."""
    return text(mapping(raw.get("context")).get("id"), most=MOST_ID)


def _of_subject(raw: dict[str, Any]) -> PartyItem:
    """News of a customer may name them only inside it."""
    system = mapping(raw.get("system"))
    keys = ("previous_user_id", "wa_id", "new_wa_id", "user_id", "parent_user_id")
    return PartyItem(identities=identities(system, keys)[:1])


def _change(raw: dict[str, Any], described: Described, sender: PartyItem) -> IdentityChange | None:
    if described.kind == "system":
        return _of_system(mapping(raw.get("system")), sender)
    if described.kind == "contacts":
        return _of_own_card(raw, sender)
    return None


def _of_system(system: dict[str, Any], sender: PartyItem) -> IdentityChange | None:
    """The customer's new number or business-scoped id; the older form is `new_wa_id`."""
    if text(system.get("type")) not in CHANGED:
        return None
    current = identities(system, ("wa_id", "new_wa_id", "user_id", "parent_user_id"))
    former = identity(system.get("previous_user_id"))
    previous = tuple(
        dict.fromkeys(each for each in (*sender.identities, former) if each and each not in current)
    )
    return IdentityChange(previous=previous, current=current) if previous and current else None


def _of_own_card(raw: dict[str, Any], sender: PartyItem) -> IdentityChange | None:
    """The number somebody gave when asked for it is their own."""
    shared: list[Identity] = [
        found
        for card in rows(raw.get("contacts"))
        if text(card.get("origin")) == "contact_request"
        for phone in rows(card.get("phones"))
        if (found := identity(phone.get("wa_id"))) and found[0] == "phone"
    ]
    current = tuple(each for each in dict.fromkeys(shared) if each not in sender.identities)
    if not current or not sender.identities:
        return None
    return IdentityChange(previous=sender.identities, current=current, is_certain=False)


# The key that names the message which an edit, revoke or reaction is about.
AMENDMENTS = {
    "edit": "original_message_id",
    "revoke": "original_message_id",
    "reaction": "message_id",
}
NOTHING = Described("", "", {})
