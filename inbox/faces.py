"""How people look without a picture: initials, a tint for contacts, an ink for agents."""

from __future__ import annotations

import unicodedata

import phonenumbers

from messaging.models import Contact, IdentityKind, User

TINTS = 6
INKS = 4
FALLBACK = "#"
# The identity a nameless contact is called by, best first.
SPEAKING = [IdentityKind.USERNAME, IdentityKind.PHONE, IdentityKind.OTHER, IdentityKind.BSUID]


def initials(name: str) -> str:
    """One or two letters; joined scripts (Arabic, Hebrew, …) keep the first only."""
    words = [word for word in name.split() if unicodedata.category(word[0])[0] in "LN"]
    if not words:
        letters = [char for char in name if unicodedata.category(char)[0] == "L"]
        return letters[0].upper() if letters else FALLBACK
    if unicodedata.category(words[0][0]) == "Lo" or len(words) == 1:
        return words[0][0].upper()
    return (words[0][0] + words[-1][0]).upper()


def tint(pk: int) -> int:
    """1 to 6, the same for ever."""
    return pk % TINTS + 1


def ink(user: User) -> int:
    """1 to 4, the same for ever."""
    return (user.pk or 0) % INKS + 1


def contact_name(contact: Contact) -> str:
    """What we call a contact: their name, else the id that a person can read.

    Needs `identities` prefetched where many are asked for.
    """
    return contact.name.strip() or contact_handle(contact) or "–"


def contact_handle(contact: Contact) -> str:
    """Phone number or username, as people write it; empty where there is neither."""
    values: dict[str, str] = {}
    for identity in contact.identities.all():
        values.setdefault(identity.kind, identity.value)
    for kind in SPEAKING:
        if kind in values:
            return _written(kind, values[kind])
    return ""


def _phone(digits: str) -> str:
    """With the spaces its country writes; as it came where it is no number of the plan."""
    international = f"+{digits.lstrip('+')}"
    try:
        number = phonenumbers.parse(international)
    except phonenumbers.NumberParseException:
        return international
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def _written(kind: str, value: str) -> str:
    if kind == IdentityKind.PHONE:
        return _phone(value)
    if kind == IdentityKind.USERNAME:
        return f"@{value.lstrip('@')}"
    return value
