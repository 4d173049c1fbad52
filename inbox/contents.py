"""A message's content object → what a bubble shows of it.

`content` holds the provider's objects under the Cloud API's names, as strangers wrote them:
nothing here trusts a type, and what is not understood is said to be so, never left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import cards, words
from inbox.cards import Answers, Order, Person, Place
from inbox.offers import Offer, offer_of, offer_of_template
from messaging.providers.values import mapping, rows, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from messaging.models import Message

LONGEST = 500
LAST_MOMENT = 4_102_444_800  # 2100
EVENT_KINDS = frozenset({"event", "system", "request_welcome"})
MEDIA_KINDS = frozenset({"image", "video", "audio", "voice", "document", "sticker"})
# Kinds whose words are all there is to them.
SPOKEN_KINDS = EVENT_KINDS | {"text", "note"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A remark above the text: forwarded, to be seen once, about a product."""

    icon: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A button or row that was pressed, or a permission given; `until` where it ends by itself."""

    title: str
    about: str = ""
    icon: str = "reply"
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """The advertisement or post from which somebody came to write."""

    origin: str
    headline: str
    body: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What WhatsApp did not pass on: its name, and why or what to do."""

    icon: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that a bubble shows beside text and files; at most one of the kinds is set."""

    labels: tuple[Label, ...] = ()
    referral: Referral | None = None
    place: Place | None = None
    people: tuple[Person, ...] = ()
    order: Order | None = None
    answers: Answers | None = None
    choice: Choice | None = None
    offer: Offer | None = None
    unknown: Unknown | None = None
    notices: tuple[str, ...] = ()


NOTHING = Contents()


def contents_of(message: Message, *, has_files: bool = False) -> Contents:
    """What there is to show, for a message of any kind with any content."""
    content = mapping(message.content)
    if not content and message.kind in SPOKEN_KINDS:
        return NOTHING
    drawing = _drawing(message, content)
    is_drawn = bool(drawing) or has_files or message.kind in SPOKEN_KINDS
    unknown = None if is_drawn or message.is_placeholder else _unknown(message, content)
    return Contents(
        labels=tuple(_labels(message.kind, content)),
        referral=_referral(mapping(content.get("referral"))),
        unknown=unknown,
        # Why something is not known is said with it, not beside it.
        notices=() if unknown else tuple(_troubles(content)),
        **drawing,
    )


def unknown_name(content: dict[str, Any]) -> tuple[str, str]:
    """Icon and name of what WhatsApp did not pass on, by the hint it gave."""
    icon, name = words.HINTS.get(_hint(content), words.UNKNOWN_KIND)
    return icon, str(name)


def _drawing(message: Message, content: dict[str, Any]) -> dict[str, Any]:
    """The one field of Contents that this kind fills; none where its content says nothing."""
    if message.kind == "location":
        place = cards.place_of(content.get("location"))
        return {"place": place} if place.name or place.address or place.coordinates else {}
    if message.kind == "contacts":
        people = cards.people_of(content.get("contacts"))
        return {"people": people} if people else {}
    if message.kind == "order":
        order = cards.order_of(content.get("order"))
        return {"order": order} if order.lines or order.note else {}
    if message.kind == "interactive":
        return _interactive(message, mapping(content.get("interactive")))
    if message.kind == "template":
        offer = offer_of_template(content.get("preview"))
        return {"offer": offer} if offer else {}
    choose = CHOICES.get(message.kind)
    return {"choice": choose(message, content)} if choose else {}


def _interactive(message: Message, given: dict[str, Any]) -> dict[str, Any]:
    if "nfm_reply" in given:
        return {"answers": cards.answers_of(given["nfm_reply"])}
    if "call_permission_reply" in given:
        return {"choice": call_permission(given["call_permission_reply"])}
    reply = mapping(given.get("button_reply")) or mapping(given.get("list_reply"))
    if not reply:
        offer = offer_of(given)
        return {"offer": offer} if offer else {}
    title = message.text or text(reply.get("title"), most=LONGEST) or _("Pressed button")
    return {"choice": Choice(title=title, about=text(reply.get("description"), most=LONGEST))}


def _button(message: Message, content: dict[str, Any]) -> Choice:
    pressed = text(mapping(content.get("button")).get("text"), most=LONGEST)
    return Choice(title=message.text or pressed or _("Pressed button"))


def _reaction(_message: Message, content: dict[str, Any]) -> Choice:
    emoji = text(mapping(content.get("reaction")).get("emoji"), most=64)
    return Choice(title=emoji or _("Reaction taken back"), icon="smile")


CHOICES: dict[str, Callable[[Message, dict[str, Any]], Choice]] = {
    "button": _button,
    "reaction": _reaction,
}


def _labels(kind: str, content: dict[str, Any]) -> list[Label]:
    context = mapping(content.get("context"))
    found = []
    if context.get("frequently_forwarded") is True:
        found.append(Label(icon="forward", words=_("Forwarded many times")))
    elif context.get("forwarded") is True:
        found.append(Label(icon="forward", words=_("Forwarded")))
    body = mapping(content.get("audio" if kind == "voice" else kind))
    if body.get("view_once") is True or content.get("view_once") is True:
        found.append(Label(icon="eye", words=_("Meant to be seen once")))
    product = mapping(context.get("referred_product"))
    if product:
        number = text(product.get("product_retailer_id"), most=LONGEST) or "–"
        asks = _("Asks about product %(product)s") % {"product": number}
        found.append(Label(icon="bag", words=asks))
    return found


def _referral(given: dict[str, Any]) -> Referral | None:
    if not given:
        return None
    is_post = text(given.get("source_type")) == "post"
    return Referral(
        origin=_("Came from a post") if is_post else _("Came from an ad"),
        headline=text(given.get("headline"), most=LONGEST),
        body=text(given.get("body"), most=LONGEST),
        url=cards.web_address(given.get("source_url")),
    )


def call_permission(value: Any) -> Choice:
    """From `interactive.call_permission_reply`."""
    given = mapping(value)
    if text(given.get("response")) == "accept":
        until = _moment(given.get("expiration_timestamp"))
        return Choice(title=_("May be called"), icon="check", until=until)
    return Choice(title=_("Does not want to be called"), icon="block")


def _unknown(message: Message, content: dict[str, Any]) -> Unknown:
    """A message that is nothing we can draw; its words, if there are any, come below."""
    icon, known = words.kind_of(message.kind)
    name = str(known)
    hint = _hint(content)
    if message.kind not in words.KINDS:
        icon, name = unknown_name(content)
    why = " ".join(_troubles(content))
    if not why and not message.text and message.direction == "in":
        why = _why_not(message.kind)
    if message.kind not in words.KINDS and hint and hint not in words.HINTS:
        why = f"{why} {_('WhatsApp calls it “%(hint)s”.') % {'hint': hint}}".strip()
    return Unknown(icon=icon, name=name, why=why)


def _why_not(kind: str) -> str:
    if kind in MEDIA_KINDS:
        return _("Its file did not come with it.")
    return _("Open it on the phone.")


def _hint(content: dict[str, Any]) -> str:
    """What WhatsApp says a message is that it does not pass on, or what we do not know."""
    return text(mapping(content.get("unsupported")).get("type") or content.get("type"), most=60)


def _troubles(content: dict[str, Any]) -> list[str]:
    """The message's own errors, in sentences; repeated ones once."""
    found = []
    for error in rows(content.get("errors"))[:5]:
        details = mapping(error.get("error_data")).get("details") or error.get("error_data")
        code, title = text(error.get("code")), text(error.get("title") or error.get("message"))
        said = text(details) or text(error.get("details")) or title
        found.append(words.trouble(code, said[:LONGEST]))
    return list(dict.fromkeys(found))


def _moment(value: Any) -> datetime | None:
    seconds = text(value, most=20)
    if not (seconds.isascii() and seconds.isdecimal()) or int(seconds) > LAST_MOMENT:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)
