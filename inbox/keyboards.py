"""Which keys one person has, and the sheet that tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inbox import keys
from inbox.models import AgentProfile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

    from messaging.models import User


@dataclass(frozen=True, slots=True)
class Line:
    """One action as a sheet shows it; without a name it is a key that stays as it is."""

    name: str
    title: _StrPromise
    stroke: str
    caps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Somebody's keys by group; `has_singles`: letters alone do something too; `is_own`: some of
    them are not the usual ones.
    """

    groups: tuple[tuple[str, _StrPromise, tuple[Line, ...]], ...]
    has_singles: bool
    is_own: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The actions that may have a key."""
        return frozenset(keys.BY_NAME)


def sheet_of(user: User) -> Sheet:
    """Their keys; no query where the user was read with the profile beside."""
    profile = getattr(user, "profile", None) or AgentProfile(user=user)
    groups = _groups(keys.strokes(profile.keys))
    return Sheet(groups, profile.has_single_keys, is_own=bool(profile.keys))


def keep(user: User, kept: Mapping[str, str], *, has_singles: bool) -> None:
    """Remember somebody's keys, and nothing else of their profile."""
    AgentProfile.objects.update_or_create(
        user=user, defaults={"keys": dict(kept), "has_single_keys": has_singles}
    )


def _groups(
    strokes: Mapping[str, str],
) -> tuple[tuple[str, _StrPromise, tuple[Line, ...]], ...]:
    return tuple((name, title, _lines(name, strokes)) for name, title in keys.GROUPS.items())


def _lines(group: str, strokes: Mapping[str, str]) -> tuple[Line, ...]:
    moving = [
        Line(each.name, each.title, strokes[each.name], keys.caps(strokes[each.name]))
        for each in keys.ACTIONS
        if each.group == group
    ]
    fixed = [Line("", each.title, "", each.caps) for each in keys.FIXED if each.group == group]
    return (*moving, *fixed)
