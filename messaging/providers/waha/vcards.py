"""Contact cards as vCards; pure. Source: RFC 2426, and WAHA, "Send messages › Contact"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from messaging.providers.values import mapping, rows, text


def vcard_of(card: dict[str, Any]) -> str:
    """One of the Cloud API's contact objects as a vCard."""
    return "\n".join(["BEGIN:VCARD", "VERSION:3.0", *_lines(card), "END:VCARD"])


def _lines(card: dict[str, Any]) -> Iterator[str]:
    name = mapping(card.get("name"))
    parts = (
        name.get(key) for key in ("last_name", "first_name", "middle_name", "prefix", "suffix")
    )
    yield "N:" + ";".join(_value(part) for part in parts)
    yield f"FN:{_value(name.get('formatted_name'))}"
    company = mapping(card.get("org"))
    if company.get("company"):
        yield f"ORG:{_value(company['company'])};{_value(company.get('department'))}"
    if company.get("title"):
        yield f"TITLE:{_value(company['title'])}"
    for phone in rows(card.get("phones")):
        # WhatsApp offers to write to a number only where it knows its own id of it.
        known = "".join(each for each in text(phone.get("wa_id")) if each.isdigit())
        waid = f";waid={known}" if known else ""
        yield f"TEL;type={_kind(phone, 'CELL')}{waid}:{_value(phone.get('phone') or f'+{known}')}"
    for mail in rows(card.get("emails")):
        yield f"EMAIL;type={_kind(mail, 'INTERNET')}:{_value(mail.get('email'))}"
    for address in rows(card.get("urls")):
        yield f"URL:{_value(address.get('url'))}"


def _kind(entry: dict[str, Any], otherwise: str) -> str:
    found = "".join(each for each in text(entry.get("type")) if each.isalnum())
    return found.upper() or otherwise


def _value(value: object) -> str:
    """Text that stays within its line and its place."""
    found = text(value).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(found.splitlines())
