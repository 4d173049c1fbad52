"""The people whose phones are played, and the numbers of ours that they write to."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import msgspec
import phonenumbers

from messaging.simulator.demo import DemoChannel, DemoCustomer

TINTS = 6


class Channel(msgspec.Struct, frozen=True):
    """One number of the business, as the platform knows it."""

    phone_number_id: str
    number: str
    name: str


class Customer(msgspec.Struct):
    """A person with WhatsApp. `id` is the phone's digits, else the BSUID; it never changes."""

    id: str
    name: str
    phone: str | None
    user_id: str
    username: str | None = None
    tint: int = 1
    is_listed: bool = False

    @property
    def about(self) -> str:
        return shown_number(self.phone) if self.phone else "Username only, no number"


def from_demo(customer: DemoCustomer) -> Customer:
    return Customer(
        id=customer.phone or customer.user_id,
        name=customer.name,
        phone=customer.phone,
        user_id=customer.user_id,
        username=customer.username,
        tint=customer.tint,
        is_listed=True,
    )


def channel_from_demo(channel: DemoChannel) -> Channel:
    return Channel(channel.phone_number_id, channel.number, channel.name)


def unknown_channel(phone_number_id: str) -> Channel:
    """A number nobody configured: it answers to its id and has an invented display number."""
    number = "351219" + phone_number_id[-6:].rjust(6, "0")
    return Channel(phone_number_id, number, f"Number {phone_number_id}")


def unknown_customer(*, phone: str | None, user_id: str | None) -> Customer:
    """Somebody known by an address alone. One of the two must be given."""
    address = phone or user_id
    if address is None:
        raise ValueError("a customer needs a phone or a user_id")
    return Customer(
        id=address,
        name=f"Customer {address[-4:]}",
        phone=phone,
        user_id=user_id or bsuid_of(address),
        tint=tint_of(address),
    )


def tint_of(customer_id: str) -> int:
    """Which of the six colours is theirs."""
    return int(hashlib.sha256(customer_id.encode()).hexdigest(), 16) % TINTS + 1


def digits_of(number: str) -> str:
    """`number` without plus, spaces, dashes, dots and brackets; "" if anything else is in it."""
    bare = number.strip().removeprefix("+").translate(_SEPARATORS)
    return bare if bare.isascii() and bare.isdigit() else ""


def bsuid_of(phone: str) -> str:
    """A stable business-scoped user id for a phone: country, dot, twenty digits."""
    number = int(hashlib.sha256(phone.encode()).hexdigest(), 16) % 10**20
    return f"{_country_of(phone)}.{number:020}"


@lru_cache(maxsize=4096)
def shown_number(phone: str) -> str:
    """As a phone shows it, "+351 910 000 042"."""
    try:
        parsed = phonenumbers.parse("+" + phone)
    except phonenumbers.NumberParseException:
        return "+" + phone
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _country_of(phone: str) -> str:
    for length in (1, 2, 3):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(phone[:length]))
        if regions:
            return regions[0]
    return "US"


_SEPARATORS = str.maketrans("", "", " \u00a0-.()")
