"""Addresses that people type or programs give, checked and brought into the form we keep."""

from __future__ import annotations

import re

import phonenumbers

from messaging.items import Identity
from messaging.models import IdentityKind

BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
PARENT_BSUID = re.compile(r"[A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128}")
LID = re.compile(r"[0-9]{5,20}")
GROUP = re.compile(r"[A-Za-z0-9_.@=-]{5,140}")
SHAPES = {
    IdentityKind.BSUID.value: BSUID,
    IdentityKind.PARENT_BSUID.value: PARENT_BSUID,
    IdentityKind.LID.value: LID,
    IdentityKind.GROUP.value: GROUP,
}


class NoSuchAddress(ValueError):
    """Nothing could be sent there."""


def parse(kind: str, value: str) -> Identity:
    """An address as we keep it: of a phone number its digits. Raises NoSuchAddress."""
    if kind == IdentityKind.PHONE:
        return (kind, _digits(value))
    shape = SHAPES.get(kind)
    if shape is None or not shape.fullmatch(value):
        raise NoSuchAddress
    return (kind, value)


def _digits(value: str) -> str:
    """A number with its country code, with or without plus, as people write them."""
    try:
        number = phonenumbers.parse(f"+{value.strip().removeprefix('+').removeprefix('00')}")
    except phonenumbers.NumberParseException as error:
        raise NoSuchAddress from error
    if not phonenumbers.is_possible_number(number):
        raise NoSuchAddress
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
