"""Contact cards."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks.paths import Found
from messaging.providers.cloud.checks.simple import no_words

MOST_CARDS = 257
MOST_OF_EACH = 50
LONGEST = 1000
NAME_PARTS = ("first_name", "last_name", "middle_name", "suffix", "prefix")
LISTS = {
    "addresses": ("street", "city", "state", "zip", "country", "country_code", "type"),
    "emails": ("email", "type"),
    "phones": ("phone", "type", "wa_id"),
    "urls": ("url", "type"),
}
COMPANY = ("company", "department", "title")
CARD = frozenset({"name", "birthday", "org", *LISTS})
BIRTHDAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def check_contacts(found: Found, text: str, body: Any) -> None:
    """Source: "Contacts messages": a formatted name and at least one more part of it."""
    no_words(found, text)
    for index, card in enumerate(found.rows("content.contacts", body, most=MOST_CARDS)):
        _check_card(found, f"content.contacts.{index}", card)


def _check_card(found: Found, path: str, value: Any) -> None:
    card = found.object(path, value, CARD)
    if card is None:
        return
    _check_name(found, f"{path}.name", card.get("name"))
    for key, parts in LISTS.items():
        entries = found.rows(f"{path}.{key}", card.get(key), most=MOST_OF_EACH, least=0)
        for index, entry in enumerate(entries):
            _check_words(found, f"{path}.{key}.{index}", entry, parts)
    if card.get("org") is not None:
        _check_words(found, f"{path}.org", card["org"], COMPANY)
    birthday = card.get("birthday")
    if birthday is not None and not (isinstance(birthday, str) and BIRTHDAY.fullmatch(birthday)):
        found.add(f"{path}.birthday", _("Write the day as YYYY-MM-DD."))


def _check_name(found: Found, path: str, value: Any) -> None:
    name = found.object(path, value, ("formatted_name", *NAME_PARTS))
    if name is None:
        return
    found.words(f"{path}.formatted_name", name.get("formatted_name"), most=LONGEST)
    parts = [
        found.words(f"{path}.{key}", name.get(key), most=LONGEST, may_lack=True)
        for key in NAME_PARTS
    ]
    if not any(parts):
        found.add(path, _("Give at least one more part of the name, such as first_name."))


def _check_words(found: Found, path: str, value: Any, known: tuple[str, ...]) -> None:
    """An object of short texts, any of which may be missing."""
    given = found.object(path, value, known) or {}
    for key in known:
        found.words(f"{path}.{key}", given.get(key), most=LONGEST, may_lack=True)
