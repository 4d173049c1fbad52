"""What a message of ours offers to press: buttons, rows of a list, a link.

As the platform was asked for it, by programs too, so nothing here trusts a type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import cards
from messaging.providers.values import mapping, rows, text

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 200
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to press; `section` where it begins one of a list."""

    title: str
    about: str = ""
    url: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Header and footer around a message's text, and what stands below it to press.

    `opener` is the button behind which a list waits.
    """

    header: str = ""
    footer: str = ""
    opener: str = ""
    options: tuple[Option, ...] = ()


def offer_of(value: Any) -> Offer | None:
    """From `interactive`; None where it offers nothing, such as what a customer pressed."""
    given = mapping(value)
    kind = text(given.get("type"))
    if not kind or "action" not in given:
        return None
    action = mapping(given.get("action"))
    header = mapping(given.get("header"))
    return Offer(
        header=text(header.get("text"), most=LONGEST),
        footer=text(mapping(given.get("footer")).get("text"), most=LONGEST),
        opener=text(action.get("button"), most=LONGEST) if kind == "list" else "",
        options=tuple(OPTIONS.get(kind, _nothing)(action)),
    )


def offer_of_template(value: Any) -> Offer | None:
    """From a template's `preview`: what the customer sees around its text."""
    shown = mapping(value)
    header = mapping(shown.get("header"))
    options = [_template_button(button) for button in rows(shown.get("buttons"))[:MOST_ROWS]]
    offer = Offer(
        header=text(header.get("text"), most=LONGEST),
        footer=text(shown.get("footer"), most=LONGEST),
        options=tuple(options),
    )
    return offer if offer != Offer() else None


def _template_button(button: dict[str, Any]) -> Option:
    about = text(button.get("code"), most=LONGEST) or text(button.get("phone_number"), most=LONGEST)
    url = cards.web_address(button.get("url"))
    return Option(text(button.get("text"), most=LONGEST) or url, about, url=url)


def words_of(offer: Offer) -> str:
    """The same in a line, for where the text is missing."""
    return ", ".join(option.title for option in offer.options)


def _buttons(action: dict[str, Any]) -> list[Option]:
    replies = [mapping(button.get("reply")) for button in rows(action.get("buttons"))]
    return [Option(text(reply.get("title"), most=LONGEST)) for reply in replies[:MOST_ROWS]]


def _rows(action: dict[str, Any]) -> list[Option]:
    found = []
    for section in rows(action.get("sections")):
        title = text(section.get("title"), most=LONGEST)
        for row in rows(section.get("rows")):
            about = text(row.get("description"), most=LONGEST)
            found.append(Option(text(row.get("title"), most=LONGEST), about, section=title))
            title = ""
    return found[:MOST_ROWS]


def _link(action: dict[str, Any]) -> list[Option]:
    given = mapping(action.get("parameters"))
    url = cards.web_address(given.get("url"))
    return [Option(text(given.get("display_text"), most=LONGEST) or url, url=url)]


def _place(_action: dict[str, Any]) -> list[Option]:
    return [Option(_("Send location"))]


def _number(_action: dict[str, Any]) -> list[Option]:
    return [Option(_("Share phone number"))]


def _form(action: dict[str, Any]) -> list[Option]:
    shown = text(mapping(action.get("parameters")).get("flow_cta"), most=LONGEST)
    return [Option(shown or _("Open form"))]


def _nothing(_action: dict[str, Any]) -> list[Option]:
    return []


OPTIONS: dict[str, Callable[[dict[str, Any]], list[Option]]] = {
    "button": _buttons,
    "list": _rows,
    "cta_url": _link,
    "location_request_message": _place,
    "request_contact_info": _number,
    "flow": _form,
}
