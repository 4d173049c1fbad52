"""The only way from a request to a row.

A request becomes a membership, a membership becomes querysets. What belongs to another
organisation, or to channels and teams the member does not see, is not found: the same 404 as
for a row that never existed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from messaging.models import Channel, Conversation, Membership, Message, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.sessions.backends.base import SessionBase
    from django.db.models import QuerySet

    from messaging.querysets import ConversationQuerySet, MessageQuerySet

P = ParamSpec("P")
ORGANIZATION_KEY = "organization"
LARGEST_ID = 2**63 - 1
MOST_DIGITS = 19


def is_number(value: str) -> bool:
    """Whether `value` is a whole number, zero or more, that a row or a counter could have."""
    return (
        value.isascii()
        and value.isdecimal()
        and len(value) <= MOST_DIGITS
        and int(value) <= LARGEST_ID
    )


class MemberRequest(HttpRequest):
    """A request of somebody who is a member; typing only, requests are never made of it."""

    user: User
    membership: Membership


def memberships(user: User | AnonymousUser) -> QuerySet[Membership]:
    """A person's places, the first joined first; none for who may not log in."""
    rows = Membership.objects.select_related("organization", "user").order_by("pk")
    if not user.is_authenticated or not user.is_active:
        return rows.none()
    return rows.filter(user=user)


def choose_membership(user: User | AnonymousUser, slug: str | None) -> Membership | None:
    """The membership in the organisation `slug`, or the first one when none is named."""
    rows = memberships(user)
    return rows.filter(organization__slug=slug).first() if slug else rows.first()


def session_membership(user: User | AnonymousUser, session: SessionBase) -> Membership | None:
    """The membership a browser chose, else its first; a choice that is gone counts for nothing."""
    slug = session.get(ORGANIZATION_KEY)
    return (choose_membership(user, slug) if slug else None) or choose_membership(user, None)


def member_required(
    view: Callable[Concatenate[Any, P], HttpResponseBase],
) -> Callable[Concatenate[Any, P], HttpResponseBase]:
    """Let members in, with `request.membership`; others log in, or read why they see nothing."""

    @wraps(view)
    def inner(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        membership = session_membership(request.user, request.session)
        if membership is None:
            return redirect("inbox:organization-list")
        request.membership = membership
        return view(request, *args, **kwargs)

    return login_required(inner)


def manager_required(membership: Membership) -> None:
    """Raise PermissionDenied for whoever does not change settings."""
    if not membership.manages:
        raise PermissionDenied


def conversations(membership: Membership) -> ConversationQuerySet:
    """All that the member may see, in no order."""
    return Conversation.objects.visible_to(membership)


def conversation_or_404(
    membership: Membership, conversation_id: int, rows: QuerySet[Conversation] | None = None
) -> Conversation:
    """One visible conversation (from `rows`, where the caller needs more than its columns)."""
    if not 0 < conversation_id <= LARGEST_ID:
        raise Http404
    visible = conversations(membership) if rows is None else rows
    found = visible.filter(pk=conversation_id).first()
    if found is None:
        raise Http404
    return found


def messages(membership: Membership, conversation: Conversation | None = None) -> MessageQuerySet:
    """Messages of visible conversations, or of one that was found through this module."""
    if conversation is not None:
        return Message.objects.filter(conversation=conversation)
    return Message.objects.filter(conversation__in=conversations(membership))


def channels(membership: Membership) -> QuerySet[Channel]:
    """The channels the member may see."""
    rows = Channel.objects.filter(organization_id=membership.organization_id)
    if membership.sees_all_channels:
        return rows
    return rows.filter(pk__in=membership.channels.all())


@dataclass(frozen=True, slots=True)
class Scope:
    """What a membership may see, as values: for rows that one process reads for many members.

    None stands for all.
    """

    organization_id: int
    channels: frozenset[int] | None
    teams: frozenset[int] | None

    def sees(self, conversation: Conversation) -> bool:
        """The same rule as `ConversationQuerySet.visible_to`."""
        if conversation.organization_id != self.organization_id:
            return False
        if self.channels is not None and conversation.channel_id not in self.channels:
            return False
        team_id = conversation.team_id
        return self.teams is None or team_id is None or team_id in self.teams


def scope_of(membership: Membership) -> Scope:
    """The membership's scope now; two queries at most, none where both are prefetched."""
    return Scope(
        organization_id=membership.organization_id,
        channels=None
        if membership.sees_all_channels
        else frozenset(channel.pk for channel in membership.channels.all()),
        teams=None
        if membership.sees_all_teams
        else frozenset(team.pk for team in membership.teams.all()),
    )


def rows_for_scopes(organization_id: int) -> ConversationQuerySet:
    """An organisation's conversations, for a reader that asks `Scope.sees` before showing any."""
    return Conversation.objects.filter(organization_id=organization_id)
