"""How people look without a picture: initials, a tint for contacts, an ink for agents."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import phonenumbers
from django.utils.translation import gettext as _

from messaging.models import Contact, ContactIdentity, IdentityKind, User

TINTS = 6
INKS = 4
FALLBACK = "#"
# The identity a nameless contact is called by, best first.
SPEAKING = [
    IdentityKind.USERNAME,
    IdentityKind.PHONE,
    IdentityKind.OTHER,
    IdentityKind.BSUID,
    IdentityKind.PARENT_BSUID,
    IdentityKind.LID,
    IdentityKind.GROUP,
]


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
    return spoken_name(contact) or "–"


def spoken_name(contact: Contact) -> str:
    """The name or the readable id of a contact; "" where there is neither."""
    return contact.person.name.strip() or contact_handle(contact)


def contact_handle(contact: Contact) -> str:
    """Phone number or username, as people write it; empty where there is neither.

    An id that was given up may be somebody else's by now, so it names nobody.
    """
    return handle_of(each for each in contact.person.identities.all() if each.retired_at is None)


def handle_of(identities: Iterable[ContactIdentity]) -> str:
    """The best to call somebody by, among some of their ids."""
    values: dict[str, str] = {}
    for identity in identities:
        values.setdefault(identity.kind, identity.value)
    for kind in SPEAKING:
        if kind in values:
            return written(kind, values[kind])
    return ""


def written_phone(digits: str) -> str:
    """With the spaces its country writes; as it came where it is no number of the plan."""
    international = f"+{digits.lstrip('+')}"
    try:
        number = phonenumbers.parse(international)
    except phonenumbers.NumberParseException:
        return international
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def written(kind: str, value: str) -> str:
    """An id as people write it."""
    if kind == IdentityKind.PHONE:
        return written_phone(value)
    if kind == IdentityKind.USERNAME:
        return f"@{value.lstrip('@')}"
    if kind == IdentityKind.GROUP:
        return _("Group")
    return value
