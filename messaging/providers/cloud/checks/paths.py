"""Problems gathered by path, and the few questions that every check asks."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

LONGEST_ADDRESS = 2000
MOST_PROBLEMS = 50
LONGEST_PATH = 200


@dataclass(slots=True)
class Found:
    """Sentences by path; after MOST_PROBLEMS nobody reads on."""

    errors: dict[str, list[str]] = field(default_factory=dict)

    def add(self, path: str, sentence: str) -> None:
        path = path[:LONGEST_PATH]
        if path in self.errors or len(self.errors) < MOST_PROBLEMS:
            self.errors.setdefault(path, []).append(sentence)

    def missing(self, path: str) -> None:
        self.add(path, _("This is missing."))

    def stranger(self, path: str) -> None:
        self.add(path, _("WhatsApp does not know this field here."))

    def object(self, path: str, value: Any, known: Collection[str] = ()) -> dict[str, Any] | None:
        """`value` where it is an object; of `known` fields only, where some are named."""
        if value is None:
            self.missing(path)
            return None
        if not isinstance(value, dict):
            self.add(path, _("This must be an object with named fields."))
            return None
        for name in value:
            if known and name not in known:
                self.stranger(f"{path}.{name}")
        return value

    def rows(self, path: str, value: Any, *, most: int, least: int = 1) -> list[Any]:
        """`value` where it is a list of `least` to `most`; else an empty one."""
        if value is None and least:
            self.missing(path)
        elif value is not None and not isinstance(value, list):
            self.add(path, _("This must be a list."))
        elif value is not None and not least <= len(value) <= most:
            said = _("Give %(least)d to %(most)d; these are %(count)d.")
            self.add(path, said % {"least": least, "most": most, "count": len(value)})
        else:
            return value or []
        return []

    def words(self, path: str, value: Any, *, most: int, may_lack: bool = False) -> str:
        """`value` where it is text of at most `most` characters and not blank; else ""."""
        if may_lack and value in (None, ""):
            return ""
        if value is None:
            self.missing(path)
        elif not isinstance(value, str):
            self.add(path, _("This must be text."))
        elif not value.strip():
            self.add(path, _("Write something here."))
        elif len(value) > most:
            self.add(path, too_long(value, most))
        else:
            return value
        return ""

    def exactly(self, path: str, value: Any, expected: str) -> None:
        if value is None:
            self.missing(path)
        elif value != expected:
            self.add(path, _("This must be “%(expected)s”.") % {"expected": expected})

    def flag(self, path: str, value: Any) -> None:
        """Nothing, or one of JSON's truths."""
        if value is not None and not isinstance(value, bool):
            self.add(path, _("This must be true or false."))

    def address(self, path: str, value: Any) -> str:
        """`value` where it is an address in the web; else ""."""
        given = self.words(path, value, most=LONGEST_ADDRESS)
        if given and not _is_address(given):
            self.add(path, _("Give a whole web address that starts with https://."))
            return ""
        return given

    def unlike(self, path: str, value: Hashable, seen: set[Hashable]) -> None:
        """No value stands twice."""
        if value and value in seen:
            self.add(path, _("This is used twice."))
        seen.add(value)


def too_long(value: str, most: int) -> str:
    """The sentence for a text over its limit."""
    said = _("WhatsApp takes at most %(most)d characters; these are %(count)d.")
    return said % {"most": most, "count": len(value)}


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    is_web = parts.scheme.lower() in {"http", "https"} and bool(parts.hostname)
    return is_web and not any(character.isspace() for character in value)
