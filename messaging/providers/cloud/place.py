"""Where a webhook's value belongs, and who is named in it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from messaging.providers.values import mapping, rows, text


def digits(value: Any) -> str:
    """The digits of a number, however it is written."""
    return "".join(each for each in text(value, most=60) if each.isascii() and each.isdigit())


@dataclass(frozen=True, slots=True)
class Place:
    """The business number a value is for; `now` in Unix seconds judges absurd times."""

    channel: str
    number: str
    people: list[dict[str, Any]]
    now: float

    @classmethod
    def of(cls, value: dict[str, Any], now: float) -> Place:
        """Read from the value; its `metadata` may be missing or nonsense."""
        metadata = mapping(value.get("metadata"))
        return cls(
            channel=text(metadata.get("phone_number_id"), most=120),
            number=text(metadata.get("display_phone_number"), most=40),
            people=rows(value.get("contacts")),
            now=now,
        )

    @property
    def own_number(self) -> str:
        """The business's number as digits."""
        return digits(self.number)
