"""Tolerant reading of JSON that a stranger wrote; pure.

Every getter answers with a value of the promised type, whatever is in the place.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import msgspec

EARLIEST = 1_230_768_000  # 2009, when WhatsApp began
LATEST_AHEAD_SECONDS = 86_400


class Undecodable(Exception):
    """The body is not JSON."""


def parse(body: bytes) -> Any:
    """The body's JSON, without what Postgres cannot store as text. Raises Undecodable."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _clean_all(_parse_slowly(body))
    return _clean_all(value) if b"\\u0000" in body else value


def _clean_all(value: Any) -> Any:
    try:
        return clean(value)
    except RecursionError as error:
        raise Undecodable("nested too deeply") from error


def _parse_slowly(body: bytes) -> Any:
    """The standard library takes lone surrogates and odd numbers that the fast parser refuses."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Undecodable(str(error)[:200]) from error


def clean(value: Any) -> Any:
    """`value` without NUL characters and lone surrogates; everything else exactly as it was.

    What is no number (NaN, infinity) is null, as JSON has it.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode()
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; anything else in it is not an item we could keep."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any, *, most: int = 0) -> str:
    """A string or number as text; "" for anything else. `most` cuts it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    found = str(value)
    return found[:most] if most else found


def moment(value: Any, *, now: float) -> int | None:
    """Unix seconds from a string or a number; None where absurd (before 2009, over a day ahead)."""
    try:
        seconds = int(float(text(value)))
    except (ValueError, OverflowError):
        return None
    return seconds if EARLIEST <= seconds <= now + LATEST_AHEAD_SECONDS else None


def number(value: Any) -> int | None:
    """A whole number, zero or more, that a column can hold; None for anything else."""
    found = text(value, most=20)
    if not found.isascii() or not found.isdigit() or int(found) >= 2**63:
        return None
    return int(found)


def hash_of(value: Any) -> str:
    """What names an item that came without an id: the same value has the same name."""
    return f"sha256:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"
