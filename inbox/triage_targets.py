"""Whom, what or until when: an action's parameters as values. Each raises Invalid."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import access, colleagues, snoozing
from inbox.refusals import Invalid
from messaging.models import Membership, Priority

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from messaging.models import Conversation, Label, Team, User

NOBODY = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """Who is to have them, and who should still have them now: NOBODY, or None for whoever has."""

    membership: Membership | None
    held_by: int | None

    @property
    def user(self) -> User | None:
        return self.membership.user if self.membership else None

    def check(self, rows: Sequence[Conversation]) -> None:
        """Raise Invalid where they would not see what is theirs."""
        if self.membership is None:
            return
        scope = access.scope_of(self.membership)
        if not all(scope.sees(row) for row in rows):
            name = {"name": str(self.membership.user)}
            raise Invalid({"assignee": [_("%(name)s does not see this channel or team.") % name]})


def nothing(membership: Membership, params: Mapping[str, str]) -> None:
    """The action needs no parameter."""


def assignee(membership: Membership, params: Mapping[str, str]) -> Assignee:
    """`assignee`: an agent's user id, or "me"; `held_by`: whose it is on the asker's screen."""
    asked = params.get("assignee", "")
    user_id = str(membership.user_id) if asked == "me" else asked
    found = colleagues.agents(membership).filter(user_id=_number("assignee", user_id)).first()
    if found is None:
        raise Invalid({"assignee": [_("There is no such agent.")]})
    return Assignee(membership=found, held_by=_held_by(params))


def nobody(membership: Membership, params: Mapping[str, str]) -> Assignee:
    """`held_by` as for `assignee`."""
    return Assignee(membership=None, held_by=_held_by(params))


def team(membership: Membership, params: Mapping[str, str]) -> Team | None:
    """`team`: its id; empty for none."""
    asked = params.get("team", "")
    if not asked:
        return None
    found = colleagues.teams(membership).filter(pk=_number("team", asked)).first()
    if found is None:
        raise Invalid({"team": [_("There is no such team.")]})
    return found


def label(membership: Membership, params: Mapping[str, str]) -> Label:
    """`label`: its id."""
    asked = _number("label", params.get("label", ""))
    found = colleagues.labels(membership).filter(pk=asked).first()
    if found is None:
        raise Invalid({"label": [_("There is no such label.")]})
    return found


def priority(membership: Membership, params: Mapping[str, str]) -> Priority:
    """`priority`: one of its values."""
    asked = params.get("priority", "")
    if asked not in Priority.values:
        raise Invalid({"priority": [_("There is no such priority.")]})
    return Priority(asked)


def until(membership: Membership, params: Mapping[str, str]) -> datetime:
    """`until`: a preset's name, an ISO time, or a time as people type it, in the zone `tz`."""
    now = timezone.now().astimezone(zone(params.get("tz", "")))
    found = snoozing.wake_time(params.get("until", ""), now)
    if found is None:
        raise Invalid(
            {"until": [_("Not a time ahead. Try “tomorrow 14:30”, “in 2 hours” or “mon 9”.")]}
        )
    return found


def zone(name: str) -> tzinfo:
    """The browser's time zone; the installation's where it told none."""
    if name in zoneinfo.available_timezones():
        return zoneinfo.ZoneInfo(name)
    return timezone.get_current_timezone()


def assigned_to_blind(rows: Sequence[Conversation]) -> list[Conversation]:
    """Those whose assignee does not see them."""
    owned = [row for row in rows if row.assignee_id is not None]
    if not owned:
        return []
    members = Membership.objects.filter(
        organization_id=owned[0].organization_id, user__in={row.assignee_id for row in owned}
    ).prefetch_related("channels", "teams")
    scopes = {member.user_id: access.scope_of(member) for member in members}
    return [
        row
        for row in owned
        if (scope := scopes.get(row.assignee_id or NOBODY)) is None or not scope.sees(row)
    ]


def _held_by(params: Mapping[str, str]) -> int | None:
    if "held_by" not in params:
        return None
    return _number("held_by", params["held_by"] or str(NOBODY))


def _number(name: str, value: str) -> int:
    if not access.is_number(value):
        raise Invalid({name: [_("A number.")]})
    return int(value)
