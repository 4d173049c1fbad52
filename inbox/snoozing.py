"""When a snoozed conversation wakes: presets, dates, and times as people type them. Pure.

Times are the agent's own: `now` carries their zone. Words of every language the inbox speaks are
understood whatever language the screen is in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

MORNING = time(9)
EVENING = time(18)
MOST_DAYS = 366
LONGEST_TEXT = 60
UNITS = {
    "m": ("m", "min", "mins", "minute", "minutes", "minuto", "minutos", "دقيقه", "دقائق"),
    "h": ("h", "hour", "hours", "hr", "hrs", "hora", "horas", "ساعه", "ساعات"),
    "d": ("d", "day", "days", "dia", "dias", "يوم", "ايام"),
    "w": ("w", "week", "weeks", "semana", "semanas", "اسبوع", "اسابيع"),
}
NAMES = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DAYS = {
    **dict.fromkeys(("today", "hoy", "hoje", "اليوم"), 0),
    **dict.fromkeys(("tomorrow", "tmrw", "manana", "amanha", "غدا"), 1),
}
WEEKDAYS = (
    ("mon", "monday", "lun", "lunes", "seg", "segunda", "الاثنين"),
    ("tue", "tuesday", "mar", "martes", "ter", "terca", "الثلاثاء"),
    ("wed", "wednesday", "mie", "miercoles", "qua", "quarta", "الاربعاء"),
    ("thu", "thursday", "jue", "jueves", "qui", "quinta", "الخميس"),
    ("fri", "friday", "vie", "viernes", "sex", "sexta", "الجمعه"),
    ("sat", "saturday", "sab", "sabado", "السبت"),
    ("sun", "sunday", "dom", "domingo", "الاحد"),
)
FILLERS = {"at", "on", "next", "a", "las", "la", "el", "as", "o", "na", "no", "proximo", "proxima"}
FILLERS |= {"في", "الساعه"}
SPAN = re.compile(r"(?:(?:in|em|en|dentro de|daqui a|بعد) )?(\d{1,3}) ?([^\W\d]+)")
CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))? ?(am|pm|h|ص|م)?")
ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
DATE = re.compile(r"(\d{1,2})[/-](\d{1,2})(?:[/-](\d{4}))?")


def later_today(now: datetime) -> datetime:
    """This evening; in two hours where that is near or past."""
    evening = _at(now, 0, EVENING)
    return evening if evening - now >= timedelta(hours=1) else _after(now, hours=2)


PRESETS: Mapping[str, Callable[[datetime], datetime]] = {
    "hour": lambda now: _after(now, hours=1),
    "hours": lambda now: _after(now, hours=3),
    "today": later_today,
    "tomorrow": lambda now: _at(now, 1, MORNING),
    "week": lambda now: _at(now, 7 - now.weekday(), MORNING),
}


def wake_time(text: str, now: datetime) -> datetime | None:
    """A preset's, a typed or an ISO time, in UTC; None for what is none, past or too far ahead."""
    found = PRESETS[text](now) if text in PRESETS else _typed(text, now)
    if found is None:
        return None
    until = found.astimezone(UTC).replace(microsecond=0)
    return until if now < until <= now + timedelta(days=MOST_DAYS) else None


def _typed(text: str, now: datetime) -> datetime | None:
    words = _plain(text)
    try:
        return _exact(text.strip(), now) or _span(words, now) or _day_and_clock(words, now)
    except (ValueError, OverflowError):
        return None


def _plain(text: str) -> str:
    """Without capitals, accents and words that say nothing."""
    bare = unicodedata.normalize("NFD", text[:LONGEST_TEXT].casefold())
    kept = "".join(char for char in bare if not unicodedata.combining(char)).replace("ة", "ه")
    return " ".join(word for word in kept.replace(",", " ").split() if word not in FILLERS)


def _exact(text: str, now: datetime) -> datetime | None:
    """What a browser's own field for date and time gives."""
    if len(text) <= len("2026-11-20"):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)


def _span(words: str, now: datetime) -> datetime | None:
    match = SPAN.fullmatch(words)
    if match is None:
        return None
    for unit, names in UNITS.items():
        if match[2] in names:
            return _after(now, **{NAMES[unit]: int(match[1])})
    return None


def _day_and_clock(words: str, now: datetime) -> datetime | None:
    """A day, a time or both, in either order; a time alone is its next one."""
    for head, tail in _splits(words):
        for day_words, clock_words in ((head, tail), (tail, head)):
            day = _day(day_words, now) if day_words else None
            clock = _clock(clock_words) if clock_words else None
            if day is not None and (clock is not None or not clock_words):
                return _at(now, day, clock or MORNING)
            if clock is not None and not day_words:
                today = _at(now, 0, clock)
                return today if today > now else _at(now, 1, clock)
    return None


def _splits(words: str) -> list[tuple[str, str]]:
    parts = words.split()
    return [(" ".join(parts[:at]), " ".join(parts[at:])) for at in range(len(parts), -1, -1)]


def _day(words: str, now: datetime) -> int | None:
    """Days from today. Raises ValueError for a date that is in no calendar."""
    if words in DAYS:
        return DAYS[words]
    for number, names in enumerate(WEEKDAYS):
        if words.removesuffix("-feira") in names:
            return (number - now.weekday() - 1) % 7 + 1
    if match := ISO_DATE.fullmatch(words):
        year, month, day = (int(part) for part in match.groups())
        return (datetime(year, month, day, tzinfo=UTC).date() - now.date()).days
    if match := DATE.fullmatch(words):
        return _days_to(now, int(match[1]), int(match[2]), match[3])
    return None


def _days_to(now: datetime, day: int, month: int, year: str | None) -> int:
    """Day before month, as all but one of our countries write it; without a year the next one."""
    found = datetime(int(year) if year else now.year, month, day, tzinfo=UTC).date()
    if not year and found < now.date():
        found = found.replace(year=now.year + 1)
    return (found - now.date()).days


def _clock(words: str) -> time | None:
    match = CLOCK.fullmatch(words)
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3] in {"am", "pm", "ص", "م"}:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] in {"pm", "م"} else 0)
    return time(hour, minute)


def _at(now: datetime, days: int, clock: time) -> datetime:
    return datetime.combine(now.date() + timedelta(days=days), clock, tzinfo=now.tzinfo)


def _after(now: datetime, **length: int) -> datetime:
    """Hours are as long on the night the clocks change as on any other."""
    return now.astimezone(UTC) + timedelta(**length)
