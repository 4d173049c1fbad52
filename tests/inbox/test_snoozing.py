"""Times as people type them, in the languages of the inbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.snoozing import MOST_DAYS, PRESETS, wake_time

LISBON = ZoneInfo("Europe/Lisbon")
# A Friday afternoon.
NOW = datetime(2026, 11, 20, 15, 40, tzinfo=LISBON)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hour", "2026-11-20 16:40"),
        ("hours", "2026-11-20 18:40"),
        ("today", "2026-11-20 18:00"),
        ("tomorrow", "2026-11-21 09:00"),
        ("week", "2026-11-23 09:00"),
        ("tomorrow 14:30", "2026-11-21 14:30"),
        ("Tomorrow at 2pm", "2026-11-21 14:00"),
        ("in 2 hours", "2026-11-20 17:40"),
        ("45 min", "2026-11-20 16:25"),
        ("mon 9", "2026-11-23 09:00"),
        ("next friday", "2026-11-27 09:00"),
        ("fri 3pm", "2026-11-27 15:00"),
        ("16h30", "2026-11-20 16:30"),
        ("9", "2026-11-21 09:00"),
        ("24/12", "2026-12-24 09:00"),
        ("1/3 10:00", "2027-03-01 10:00"),
        ("2026-12-01 8:15", "2026-12-01 08:15"),
        ("2026-12-01T08:15", "2026-12-01 08:15"),
        ("mañana a las 10", "2026-11-21 10:00"),
        ("lunes 9:30", "2026-11-23 09:30"),
        ("dentro de 3 días", "2026-11-23 15:40"),
        ("amanhã às 14h", "2026-11-21 14:00"),
        ("segunda-feira 9h", "2026-11-23 09:00"),
        ("em 2 horas", "2026-11-20 17:40"),
        ("غدًا 9", "2026-11-21 09:00"),
        ("بعد ٣ ساعات", "2026-11-20 18:40"),
    ],
)
def test_a_typed_time_is_the_agents_own(text, expected) -> None:
    found = wake_time(text, NOW)
    assert found is not None
    assert found.astimezone(LISBON).strftime("%Y-%m-%d %H:%M") == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "yesterday", "31/02", "25:00", "9:75", "13pm", "today 9:00", "2020-01-01"),
        *("in 999 weeks", "2026-13-01", "tomorrow tomorrow", "1/1/2031", "0 min", "9 9"),
    ],
)
def test_what_is_no_time_ahead_is_none(text) -> None:
    assert wake_time(text, NOW) is None


def test_hours_are_hours_on_the_night_the_clocks_change() -> None:
    late = datetime(2026, 10, 25, 0, 30, tzinfo=LISBON)
    assert wake_time("in 3 hours", late) == late.astimezone(UTC) + timedelta(hours=3)
    assert wake_time("tomorrow", late) == datetime(2026, 10, 26, 9, tzinfo=UTC)


@given(st.text(max_size=80) | st.from_regex(r"(in )?\d{1,4} ?[a-z:]{0,5}\d{0,2}( \d{1,2})?"))
def test_whatever_is_typed_gives_a_time_ahead_or_none(text) -> None:
    found = wake_time(text, NOW)
    assert found is None or NOW < found <= NOW + timedelta(days=MOST_DAYS)


@given(st.timedeltas(timedelta(0), timedelta(days=366)))
def test_every_preset_is_ahead_at_any_time(later) -> None:
    now = NOW + later
    for name in PRESETS:
        found = wake_time(name, now)
        assert found is not None
        assert found.astimezone(UTC) > now.astimezone(UTC)
