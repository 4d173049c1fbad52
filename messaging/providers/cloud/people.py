"""Who is on the other side of a Cloud API message; pure.

Source: Cloud API, "Business-scoped user IDs": any of phone, business-scoped id and parent id may
be missing, and ids turn up in each other's places.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from messaging.items import Identity, Party
from messaging.phones import canonical
from messaging.providers.values import mapping, text

BSUID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9]")
PARENT_BSUID = re.compile(r"^[A-Z]{2}\.ENT\.")
# What people write between the digits of a number.
DECORATION = str.maketrans("", "", " ().-")
MOST_NAME = 200
OF_PERSON = ("wa_id", "user_id", "parent_user_id")


def identity(value: Any) -> Identity | None:
    """An id and what it is, by its shape; None where there is none."""
    found = text(value, most=MOST_NAME).strip()
    if not found:
        return None
    if PARENT_BSUID.match(found):
        return ("parent_bsuid", found)
    if BSUID.match(found):
        return ("bsuid", found)
    bare = found.removeprefix("+").translate(DECORATION)
    return ("phone", bare) if bare.isascii() and bare.isdigit() else ("other", found)


def keyed(found: Identity) -> Identity:
    """An id as it is compared with others: two spellings of a number are one."""
    return ("phone", canonical(found[1])) if found[0] == "phone" else found


def identities(source: dict[str, Any], keys: Iterable[str]) -> tuple[Identity, ...]:
    """The ids under these keys, each once."""
    found = [each for key in keys if (each := identity(source.get(key)))]
    return tuple(dict.fromkeys(found))


def person_of(entry: dict[str, Any]) -> Party:
    """A contact as an entry of `contacts` shows it."""
    profile = mapping(entry.get("profile"))
    return Party(
        identities=identities(entry, OF_PERSON),
        name=text(profile.get("name"), most=MOST_NAME),
        username=text(profile.get("username"), most=MOST_NAME),
    )


def party_of(
    raw: dict[str, Any], people: list[dict[str, Any]], *, echo: bool, own_number: str = ""
) -> Party:
    """Who wrote `raw`, or whom it was written to.

    The contact's entry is matched by id, never by position; alone it stands for a message that
    names nobody. Some echoes hold both numbers in each other's place.
    """
    prefix = "to" if echo else "from"
    found = identities(raw, (prefix, f"{prefix}_user_id", f"{prefix}_parent_user_id"))
    if echo and found == (("phone", own_number),):
        found = identities(raw, ("from",))
    ours = {keyed(each) for each in found}
    for entry in people:
        person = person_of(entry)
        theirs = {keyed(each) for each in person.identities}
        if theirs & ours or (not found and len(people) == 1):
            return Party(
                identities=tuple(dict.fromkeys(found + person.identities)),
                name=person.name,
                username=person.username,
            )
    return Party(identities=found)
