"""What somebody looks for: plain words, and operators such as `from:carla` or `has:image`; pure.

Whatever is typed is understood somehow: an operator nobody knows, or with a value that it cannot
have, is a word like any other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

TOKEN = re.compile(r'(?P<name>[a-z]+):(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))|"[^"]*"?|\S+', re.I)
IS = ("unread", "open", "resolved", "snoozed", "unassigned", "mine", "failed")
HAS = ("file", "image", "video", "audio", "document", "location", "link")
NAMED = ("from", "label", "in", "assignee")
LIMITS = ("before", "after")
OPERATORS = (*NAMED, "is", "has", *LIMITS)
DAY = re.compile(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Term:
    """One operator and its value, as it was typed but for capitals where they mean nothing."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Words (with quotes, `-` and `or` as web searches have them) and operators, in order."""

    words: str
    terms: tuple[Term, ...] = ()


def parse(text: str) -> Wanted:
    """Take what was typed apart; never fails."""
    words, terms = [], []
    for match in TOKEN.finditer(" ".join(text.split())):
        term = _term(match)
        if term is None:
            words.append(match[0])
        elif term not in terms:
            terms.append(term)
    return Wanted(" ".join(words), tuple(terms))


def write(wanted: Wanted) -> str:
    """The shortest text that `parse` understands as the same."""
    # Words last: a quote that nobody closed would swallow what stands behind it.
    return " ".join([*(_written(term) for term in wanted.terms), wanted.words]).strip()


def day_of(value: str) -> date | None:
    """The day that `2026`, `2026-11` or `2026-11-20` begins with; None for what is no date."""
    match = DAY.fullmatch(value)
    if match is None:
        return None
    year, month, day = (int(part or 1) for part in match.groups())
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    # A day's edges lie in the day before and after in other zones.
    return found if date(1900, 1, 1) <= found <= date.max - timedelta(days=366) else None


def _term(match: re.Match[str]) -> Term | None:
    name, value = (match["name"] or "").lower(), match["quoted"] or match["bare"] or ""
    value = " ".join(value.split())
    if name not in OPERATORS or not value:
        return None
    if name in NAMED:
        return Term(name, value)
    known = {"is": IS, "has": HAS}.get(name)
    if known is not None:
        return Term(name, value.lower()) if value.lower() in known else None
    return Term(name, value) if day_of(value) else None


def _written(term: Term) -> str:
    return f'{term.name}:"{term.value}"' if " " in term.value else f"{term.name}:{term.value}"
