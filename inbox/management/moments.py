"""Times as operators type them."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
HELP = "a time in ISO 8601, a date, or how long ago: 30m, 24h, 7d"


def moment(text: str) -> datetime:
    """An aware time: ISO 8601 (UTC unless it says otherwise), a date, or an age such as `24h`.

    Raises argparse.ArgumentTypeError.
    """
    if text[:-1].isdecimal() and text[-1] in UNITS:
        return timezone.now() - int(text[:-1]) * UNITS[text[-1]]
    try:
        found = parse_datetime(text)
        if found is None and (day := parse_date(text)):
            found = datetime.combine(day, time())
    except ValueError:
        found = None
    if found is None:
        raise argparse.ArgumentTypeError(f"“{text}” is not {HELP}")
    return found if timezone.is_aware(found) else found.replace(tzinfo=UTC)
