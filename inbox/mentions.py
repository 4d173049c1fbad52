"""Who sees a conversation, and whom of them a note names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from messaging.models import Membership, User

if TYPE_CHECKING:
    from messaging.models import Conversation


@dataclass(frozen=True, slots=True)
class Named:
    """A colleague that a note names, under the name they had."""

    id: int
    name: str


def who_sees(conversation: Conversation) -> list[User]:
    """Everybody who may open it, who only reads too, by name: the other side of `visible_to`."""
    members = Membership.objects.filter(
        organization_id=conversation.organization_id, user__is_active=True
    )
    members = members.filter(Q(sees_all_channels=True) | Q(channels=conversation.channel_id))
    if conversation.team_id is not None:
        members = members.filter(Q(sees_all_teams=True) | Q(teams=conversation.team_id))
    found = members.select_related("user").distinct()
    return sorted((each.user for each in found), key=lambda user: (str(user).lower(), user.pk))


def named_in(text: str, people: Iterable[User], chosen: Iterable[int] = ()) -> list[Named]:
    """Whom `@Name` in a note means; of several of one name those who were `chosen`, if any."""
    by_name: dict[str, list[User]] = {}
    for user in people:
        by_name.setdefault(str(user).lower(), []).append(user)
    wanted = set(chosen)
    found: dict[int, Named] = {}
    for match in _pattern(by_name).finditer(text) if by_name else ():
        same = by_name[match[1].lower()]
        for user in [each for each in same if each.pk in wanted] or same:
            found[user.pk] = Named(user.pk, str(user))
    return list(found.values())


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    # The longest first, so that "Ana Maria" is not taken for "Ana".
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)@({either})(?!\w)", re.IGNORECASE)
