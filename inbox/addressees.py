"""Whom a new conversation can be begun with: people who are known, and a number that was typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbox import access, contacts, faces
from inbox.searching import MOST_PEOPLE, cleaned
from messaging import addressing, merging
from messaging.models import Contact, IdentityKind
from messaging.providers import PROVIDERS

if TYPE_CHECKING:
    from messaging.models import Channel, Membership


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Somebody to write to on one channel: their address there, or the conversation they have.

    Without either they cannot be reached on it.
    """

    name: str
    handle: str
    contact_id: int | None = None
    kind: str = ""
    value: str = ""
    conversation_id: int | None = None


def channels(membership: Membership) -> list[Channel]:
    """The channels on which the member can write first."""
    rows = access.channels(membership).filter(is_active=True, connection__is_active=True)
    found = rows.select_related("connection").order_by("name", "pk")
    return [channel for channel in found if kinds_of(channel)]


def kinds_of(channel: Channel) -> tuple[str, ...]:
    """The kinds of addresses the channel's provider can write to, the best first."""
    sending = PROVIDERS[channel.connection.kind].sending
    return sending.capabilities.addresses if sending else ()


def find(membership: Membership, channel: Channel, text: str) -> list[Addressee]:
    """People whose name or number contains `text`; last the number itself, where nobody has it.

    Digits that are somebody's count as a new number only once they begin with a country code.
    """
    text = cleaned(text)
    if not text:
        return []
    rows = contacts.named(access.contacts(membership), text).prefetch_related("identities")
    people = list(rows.order_by("name", "pk")[:MOST_PEOPLE])
    found = _known(membership, channel, people)
    number = _number(channel, text)
    values = {each.value for person in people for each in person.identities.all()}
    if number and number not in values and (not found or text.startswith(("+", "00"))):
        written = faces.written_phone(number)
        found.append(
            Addressee(name=written, handle="", kind=IdentityKind.PHONE.value, value=number)
        )
    return found


def _known(membership: Membership, channel: Channel, people: Sequence[Contact]) -> list[Addressee]:
    roots = merging.family([each.pk for each in people])
    visible = access.conversations(membership).filter(channel=channel, contact__in=roots)
    places = {
        roots[contact]: pk for pk, contact in visible.order_by("-pk").values_list("pk", "contact")
    }
    return [_addressee(each, channel, places.get(each.pk)) for each in people]


def _addressee(contact: Contact, channel: Channel, conversation_id: int | None) -> Addressee:
    kind, value = _address(contact, kinds_of(channel))
    return Addressee(
        name=faces.contact_name(contact),
        handle=faces.contact_handle(contact),
        contact_id=contact.pk,
        kind=kind,
        value=value,
        conversation_id=conversation_id,
    )


def _address(contact: Contact, kinds: Sequence[str]) -> tuple[str, str]:
    held = {each.kind: each.value for each in contact.identities.all() if each.retired_at is None}
    return next(((kind, held[kind]) for kind in kinds if kind in held), ("", ""))


def _number(channel: Channel, text: str) -> str:
    """The digits of a phone number with its country code; nothing where it is none."""
    if IdentityKind.PHONE not in kinds_of(channel) or any(char.isalpha() for char in text):
        return ""
    try:
        return addressing.parse(IdentityKind.PHONE, text)[1]
    except addressing.NoSuchAddress:
        return ""
