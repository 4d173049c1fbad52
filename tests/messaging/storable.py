"""What Postgres asks of items, whatever they were read from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from messaging.items import Item
from messaging.sql import as_json

LONGEST = {
    "kind": 60,
    "provider_id": 255,
    "channel": 120,
    "channel_number": 40,
    "reply_to": 255,
    "status": 20,
    "error_code": 20,
    "recipient": 255,
}


def assert_storable(items: Sequence[Item]) -> None:
    """There is at least one item, and Postgres takes whatever is in it."""
    assert items
    for item in items:
        stored = as_json([msgspec.to_builtins(item)])
        for each in _texts(json.loads(stored, parse_constant=pytest.fail)):
            assert "\0" not in each
            each.encode()  # raises for a lone surrogate
        for name, most in LONGEST.items():
            assert len(getattr(item, name, "")) <= most, name
        for person in (getattr(item, "party", None), getattr(item, "sender", None)):
            identities = person.identities if person else ()
            assert all(0 < len(value) <= 200 for _, value in identities)
        assert all(0 < len(target) <= 255 for target in getattr(item, "targets", ()))


def _texts(value: Any) -> Iterator[str]:
    """Every text inside, names too."""
    if isinstance(value, str):
        yield value
    inside = [*value, *value.values()] if isinstance(value, dict) else value
    for each in inside if isinstance(inside, list) else ():
        yield from _texts(each)
