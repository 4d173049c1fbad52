"""The envelope of a WAHA event; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from messaging.providers.values import moment, text
from messaging.providers.waha.chats import MOST_ID, Place, number_of, own_ids, place_of, plain

MILLISECONDS_FROM = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened in a session; `at` is when WAHA told it, where it says so."""

    name: str
    id: str
    session: str
    me: Any
    payload: Any
    at: int | None
    now: float

    @classmethod
    def of(cls, document: dict[str, Any], now: float) -> Event:
        """Read from a body; older versions leave out id, time and `me`."""
        return cls(
            name=text(document.get("event"), most=60),
            id=text(document.get("id"), most=MOST_ID),
            session=text(document.get("session"), most=120),
            me=document.get("me"),
            payload=document.get("payload"),
            at=_moment(document.get("timestamp"), now),
            now=now,
        )

    def moment(self, value: Any) -> int | None:
        """Unix seconds from seconds or milliseconds; None where absurd."""
        return _moment(value, self.now)

    def place(self, raw: dict[str, Any]) -> Place:
        """Where the message `raw` belongs."""
        return place_of(raw, self.me)

    @property
    def number(self) -> str:
        """The digits of our own number, where the account is known by it."""
        return number_of(self.me)

    def is_us(self, chat: str) -> bool:
        """Whether this id is our own."""
        return plain(chat) in own_ids(self.me)


def _moment(value: Any, now: float) -> int | None:
    try:
        seconds = float(text(value))
    except ValueError:
        return None
    return moment(seconds / 1000 if seconds > MILLISECONDS_FROM else seconds, now=now)
