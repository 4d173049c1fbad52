"""Words that stand on every row of the list, looked up once for each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

MOST_LANGUAGES = 32


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row's controls are called; those with a name in them are patterns with `%(name)s`."""

    select: str
    resolve: str
    reopen: str
    snooze: str
    claim: str
    resolve_title: str
    reopen_title: str
    snooze_title: str
    claim_title: str
    unread: str
    unassigned: str
    snoozed: str

    def of(self, name: str, unread: int) -> dict[str, str]:
        """The patterns, filled in for one row."""
        named = {"name": name}
        return {
            "select": self.select % named,
            "resolve": self.resolve % named,
            "reopen": self.reopen % named,
            "snooze": self.snooze % named,
            "claim": self.claim % named,
            "unread": self.unread % {"count": unread},
        }


def row_words() -> RowWords:
    """In the language of this moment."""
    return _said_in(get_language() or "")


@lru_cache(maxsize=MOST_LANGUAGES)
def _said_in(language: str) -> RowWords:
    return RowWords(
        select=_("Select %(name)s"),
        resolve=_("Resolve %(name)s"),
        reopen=_("Reopen %(name)s"),
        snooze=_("Snooze %(name)s until tomorrow"),
        claim=_("Assign %(name)s to me"),
        resolve_title=_("Resolve (E)"),
        reopen_title=_("Reopen"),
        snooze_title=_("Snooze until tomorrow"),
        claim_title=_("Assign to me (I)"),
        unread=_("%(count)s unread"),
        unassigned=_("Unassigned"),
        snoozed=_("Snoozed"),
    )
