"""Places, people, orders and answered forms out of a message's content.

Whatever a stranger wrote there becomes a value that a template may print: text is text, an
address is a web address or nothing, a number can be shown as one.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any

from django.utils import formats
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from messaging.providers.values import mapping, rows, text

MOST_PEOPLE = 20
MOST_LINES = 30
LONGEST = 500
LONGEST_ANSWER = 2000
MAP = "https://www.openstreetmap.org/"
HIDDEN_ANSWERS = frozenset({"flow_token"})
# Source: ISO 4217; the rest have two digits after the point.
WITHOUT_CENTS = frozenset({"CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map; `coordinates` and `map_url` are "" where it is none on this earth."""

    name: str
    address: str
    coordinates: str
    map_url: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One line of a contact card; `copied` is what the copy button takes along."""

    icon: str
    value: str
    about: str = ""
    copied: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One contact card."""

    name: str
    about: str
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One product; `price` is of all pieces together, "" where none was given."""

    quantity: str
    product: str
    price: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody ordered; `total` is "" where prices are missing or of several currencies."""

    lines: tuple[OrderLine, ...]
    left_out: int
    pieces: str
    total: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A form that was filled in: names and values, or what the phone showed of it."""

    title: str
    pairs: tuple[tuple[str, str], ...]
    words: str


def web_address(value: Any) -> str:
    """An http(s) address as it is; "" for every other scheme and for what is no text."""
    found = text(value, most=LONGEST_ANSWER).strip()
    return found if found.lower().startswith(("https://", "http://")) else ""


def place_of(value: Any) -> Place:
    """From `location`."""
    given = mapping(value)
    latitude, longitude = _degrees(given.get("latitude"), 90), _degrees(given.get("longitude"), 180)
    coordinates = map_url = ""
    if latitude is not None and longitude is not None:
        coordinates = f"{latitude:.5f}, {longitude:.5f}"
        mark = urlencode({"mlat": f"{latitude:.6f}", "mlon": f"{longitude:.6f}"})
        map_url = f"{MAP}?{mark}#map=17/{latitude:.6f}/{longitude:.6f}"
    return Place(
        name=text(given.get("name"), most=LONGEST),
        address=text(given.get("address"), most=LONGEST),
        coordinates=coordinates,
        map_url=map_url,
        url=web_address(given.get("url")),
    )


def people_of(value: Any) -> tuple[Person, ...]:
    """From `contacts`."""
    return tuple(_person(each) for each in rows(value)[:MOST_PEOPLE])


def order_of(value: Any) -> Order:
    """From `order`."""
    given = mapping(value)
    items = rows(given.get("product_items"))
    prices = [_price(item) for item in items]
    currencies = {text(item.get("currency"), most=8).upper() for item in items}
    known = [price for price in prices if price is not None]
    is_sure = bool(known) and len(known) == len(items) and len(currencies) == 1
    pieces = sum((_number(item.get("quantity")) or Decimal(0) for item in items), Decimal(0))
    return Order(
        lines=tuple(map(_order_line, items[:MOST_LINES], prices)),
        left_out=max(len(items) - MOST_LINES, 0),
        pieces=_plain(pieces),
        total=_money(sum(known, Decimal(0)), currencies.pop()) if is_sure else "",
        note=text(given.get("text"), most=LONGEST_ANSWER),
    )


def answers_of(value: Any) -> Answers:
    """From `interactive.nfm_reply`; its `response_json` is text that may hold anything."""
    given = mapping(value)
    is_address = text(given.get("name")) == "address_message"
    found = mapping(_parsed(given.get("response_json")))
    named = [(key, each) for key, each in found.items() if key not in HIDDEN_ANSWERS]
    pairs = tuple((_label(key), _answer(each)) for key, each in named[:MOST_LINES])
    return Answers(
        title=_("Address") if is_address else _("Answered form"),
        pairs=pairs,
        words="" if pairs else text(given.get("body"), most=LONGEST_ANSWER),
    )


def _person(given: dict[str, Any]) -> Person:
    name, company = mapping(given.get("name")), mapping(given.get("org"))
    parts = (text(name.get(part)) for part in ("first_name", "middle_name", "last_name"))
    spoken = text(name.get("formatted_name")).strip() or " ".join(filter(None, parts))
    work = ", ".join(filter(None, (text(company.get(part)) for part in ("title", "company"))))
    details = tuple(chain(_phones(given), _emails(given), _addresses(given), _sites(given)))
    return Person(
        name=(spoken or text(company.get("company")))[:LONGEST] or _("Contact without a name"),
        about=work[:LONGEST] if spoken else "",
        details=details[:MOST_LINES],
    )


def _phones(given: dict[str, Any]) -> list[Detail]:
    return [
        Detail(icon="handset", value=value, copied=value, about=_type_of(phone))
        for phone in rows(given.get("phones"))
        if (value := text(phone.get("phone") or phone.get("wa_id"), most=LONGEST))
    ]


def _emails(given: dict[str, Any]) -> list[Detail]:
    return [
        Detail(icon="at", value=value, copied=value, about=_type_of(email))
        for email in rows(given.get("emails"))
        if (value := text(email.get("email"), most=LONGEST))
    ]


def _addresses(given: dict[str, Any]) -> list[Detail]:
    names = ("street", "zip", "city", "state", "country")
    return [
        Detail(icon="pin", value=value, copied=value, about=_type_of(address))
        for address in rows(given.get("addresses"))
        if (value := ", ".join(filter(None, (text(address.get(n)) for n in names)))[:LONGEST])
    ]


def _sites(given: dict[str, Any]) -> list[Detail]:
    return [
        Detail(icon="link", value=value, url=web_address(value))
        for site in rows(given.get("urls"))
        if (value := text(site.get("url"), most=LONGEST))
    ]


def _type_of(given: dict[str, Any]) -> str:
    """ "Cell", "Home", "Work": the card's own word for it."""
    return text(given.get("type"), most=40).capitalize()


def _order_line(item: dict[str, Any], price: Decimal | None) -> OrderLine:
    quantity = _number(item.get("quantity"))
    name = text(item.get("product_name") or item.get("name"))
    return OrderLine(
        quantity="" if quantity is None else _plain(quantity),
        product=(name or text(item.get("product_retailer_id")))[:LONGEST] or _("Product"),
        price="" if price is None else _money(price, text(item.get("currency"), most=8).upper()),
    )


def _price(item: dict[str, Any]) -> Decimal | None:
    quantity, each = _number(item.get("quantity")), _number(item.get("item_price"))
    return None if quantity is None or each is None else quantity * each


def _money(amount: Decimal, currency: str) -> str:
    digits = 0 if currency in WITHOUT_CENTS else 2
    shown = formats.number_format(amount, decimal_pos=digits, force_grouping=True)
    return f"{shown} {currency}".strip()


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _number(value: Any) -> Decimal | None:
    """A number a person could have meant: zero or more, not beyond a billion."""
    try:
        found = Decimal(text(value, most=40).strip() or "x")
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < 10**9 else None


def _degrees(value: Any, most: int) -> float | None:
    try:
        found = float(text(value, most=40))
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) <= most else None


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _label(key: str) -> str:
    """`delivery_rating` as people write it."""
    words = " ".join(key.replace("_", " ").split())[:LONGEST]
    return words[:1].upper() + words[1:]


def _answer(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(_answer(each) for each in value)[:LONGEST_ANSWER]
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)[:LONGEST_ANSWER]
    return text(value, most=LONGEST_ANSWER) or "–"
