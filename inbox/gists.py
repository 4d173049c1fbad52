"""A message in one line: for rows of the list, quotes, the reply guard and event lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import cards, contents, happenings, words
from inbox.faces import written_phone
from inbox.offers import offer_of, words_of
from messaging.providers.values import mapping, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from messaging.models import Message

LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Gist:
    """A message in one line; `icon` is "" where the words speak for themselves."""

    icon: str
    text: str


def gist_of(message: Message) -> Gist:
    """What a message says, or what it is where it says nothing."""
    icon, name = words.kind_of(message.kind)
    if message.deleted_at is not None:
        return Gist(icon="bin", text=_("Message deleted"))
    if message.is_placeholder:
        return Gist(icon="clock", text=_("Not arrived yet"))
    plain = " ".join(message.text.split())
    if plain:
        return Gist(icon="" if message.kind == "text" else icon, text=plain)
    return _wordless(message, Gist(icon=icon, text=str(name)))


def _wordless(message: Message, named: Gist) -> Gist:
    """What there is instead of words; `named` is the kind's own name."""
    content = mapping(message.content)
    if message.kind == "text":
        return Gist(icon="", text=_("Message without text"))
    if message.kind not in words.KINDS:
        icon, unknown = contents.unknown_name(content)
        return Gist(icon=icon, text=unknown)
    if message.kind == "system":
        return Gist(icon=named.icon, text=event_words(message, _("The customer")))
    describe = DESCRIBE.get(message.kind)
    return Gist(icon=named.icon, text=(describe(content) if describe else "") or named.text)


def icon_of(message: Message) -> str:
    """The glyph of a message's kind; an event line's of what was done."""
    return happenings.icon_of(message) or words.kind_of(message.kind)[0]


def event_words(message: Message, name: str, viewer_id: int | None = None) -> str:
    """The sentence of an event line; `name` is what we call the contact, `viewer_id` who reads."""
    if message.kind == "event":
        return happenings.words_of(message, viewer_id) or message.text
    if message.kind == "request_welcome":
        return _("%(name)s opened this chat for the first time") % {"name": name}
    if message.kind != "system":
        return message.text
    news = mapping(mapping(message.content).get("system"))
    number = text(news.get("wa_id") or news.get("new_wa_id"), most=LONGEST)
    return _news(text(news.get("type")), name, number) or (
        text(news.get("body"), most=LONGEST) or message.text or str(words.kind_of("system")[1])
    )


def _news(kind: str, name: str, number: str) -> str:
    """Source: Cloud API, "Webhooks › system messages"."""
    shown = {"name": name, "number": written_phone(number) if number else ""}
    if kind in {"user_changed_number", "customer_changed_number"}:
        if number:
            return _("%(name)s changed their number to %(number)s") % shown
        return _("%(name)s changed their number") % shown
    if kind == "user_changed_user_id":
        return _("WhatsApp knows %(name)s by a new id now") % shown
    if kind == "customer_identity_changed":
        return _("The security code of %(name)s changed: perhaps a new phone") % shown
    return ""


def _document(content: dict[str, Any]) -> str:
    return text(mapping(content.get("document")).get("filename"), most=LONGEST)


def _place(content: dict[str, Any]) -> str:
    place = cards.place_of(content.get("location"))
    named = place.name or place.address
    return _("Location: %(place)s") % {"place": named} if named else ""


def _people(content: dict[str, Any]) -> str:
    names = ", ".join(person.name for person in cards.people_of(content.get("contacts")))
    return _("Contact: %(names)s") % {"names": names} if names else ""


def _order(content: dict[str, Any]) -> str:
    order = cards.order_of(content.get("order"))
    count = len(order.lines) + order.left_out
    if not count:
        return order.note
    said = ngettext("Order: %(count)d product", "Order: %(count)d products", count)
    return ", ".join(filter(None, (said % {"count": count}, order.total)))


def _interactive(content: dict[str, Any]) -> str:
    given = mapping(content.get("interactive"))
    if "nfm_reply" in given:
        return cards.answers_of(given["nfm_reply"]).title
    if "call_permission_reply" in given:
        return contents.call_permission(given["call_permission_reply"]).title
    offer = offer_of(given)
    return words_of(offer) if offer else ""


def _reaction(content: dict[str, Any]) -> str:
    emoji = text(mapping(content.get("reaction")).get("emoji"), most=64)
    return _("Reaction %(emoji)s") % {"emoji": emoji} if emoji else _("Reaction taken back")


DESCRIBE: dict[str, Callable[[dict[str, Any]], str]] = {
    "document": _document,
    "location": _place,
    "contacts": _people,
    "order": _order,
    "interactive": _interactive,
    "reaction": _reaction,
}
