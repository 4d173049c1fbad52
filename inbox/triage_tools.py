"""What the menus in a thread's head offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from inbox import colleagues
from messaging.models import Priority

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from messaging.models import Conversation, Label, Membership, Team, User

PRESETS: tuple[tuple[str, str, _StrPromise], ...] = (
    ("hour", "clock", _("In 1 hour")),
    ("hours", "clock", _("In 3 hours")),
    ("today", "snooze", _("Later today")),
    ("tomorrow", "sun", _("Tomorrow 9:00")),
    ("week", "calendar", _("Next week, Monday 9:00")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """Whom and what a conversation can be given, and what it has; empty for whoever only reads."""

    agents: tuple[User, ...] = ()
    teams: tuple[Team, ...] = ()
    labels: tuple[tuple[Label, bool], ...] = ()
    priorities: tuple[tuple[str, _StrPromise], ...] = ()
    presets: tuple[tuple[str, str, _StrPromise], ...] = PRESETS


def tools_context(
    membership: Membership, conversation: Conversation, *, next_url: str = ""
) -> dict[str, Any]:
    """The menus of one conversation; three queries, none for whoever only reads.

    `next_url` is the page they stand in, where that is not the one that is asked for.
    """
    return {"tools": _tools(membership, conversation), "next_url": next_url}


def _tools(membership: Membership, conversation: Conversation) -> Tools:
    if not membership.replies:
        return Tools()
    on = {label.pk for label in conversation.labels.all()}
    others = (
        each.user
        for each in colleagues.agents_for(membership, conversation)
        if each.user_id != membership.user_id
    )
    return Tools(
        agents=tuple(others),
        teams=tuple(colleagues.teams(membership)),
        labels=tuple((each, each.pk in on) for each in colleagues.labels(membership)),
        priorities=tuple((level.value, level.label) for level in reversed(Priority)),
    )
