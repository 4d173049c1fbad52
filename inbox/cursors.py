"""Opaque cursors of keyset pages: a time and the number that breaks its ties."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class BadCursor(ValueError):
    """Not a cursor of ours."""


def encode(moment: datetime, number: int) -> str:
    """A place in an order by time, then number."""
    microseconds = (moment - EPOCH) // MICROSECOND
    return base64.urlsafe_b64encode(f"{microseconds}.{number}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, int]:
    """What `encode` was given. Raises BadCursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        microseconds, number = base64.urlsafe_b64decode(padded.encode()).decode().split(".")
        return EPOCH + int(microseconds) * MICROSECOND, int(number)
    except (ValueError, binascii.Error, OverflowError) as error:
        raise BadCursor(cursor) from error
