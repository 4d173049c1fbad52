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
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from messaging.models import (
    Channel,
    Connection,
    Contact,
    Conversation,
    DeadLetter,
    Direction,
    Media,
    MediaState,
    Membership,
    Message,
    Role,
    User,
)
from outbound import file_links
from outbound.breakers import scopes
from outbound.models import Breaker

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
    rows = Membership.objects.select_related("organization", "user__profile").order_by("pk")
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


def messages(membership: Membership, *found: Conversation) -> MessageQuerySet:
    """Messages of visible conversations, or of those that were found through this module."""
    if found:
        return Message.objects.filter(conversation__in=found)
    if membership.sees_all_channels and membership.sees_all_teams:
        # The same rows, told by the message itself: search walks them newest first.
        return Message.objects.filter(organization=membership.organization_id)
    return Message.objects.filter(conversation__in=conversations(membership))


def media_or_404(membership: Membership, media_id: int) -> Media:
    """One file of a visible conversation."""
    if not 0 < media_id <= LARGEST_ID:
        raise Http404
    visible = Media.objects.filter(message__conversation__in=conversations(membership))
    found = visible.select_related("message").filter(pk=media_id).first()
    if found is None:
        raise Http404
    return found


def shared_media_or_404(token: str) -> Media:
    """The file of a message of ours that a signed token names, for a provider that fetches it."""
    media_id = file_links.media_id_in(token)
    found = (
        Media.objects.filter(
            pk=media_id, message__direction=Direction.OUT, state=MediaState.STORED
        ).first()
        if media_id is not None
        else None
    )
    if found is None:
        raise Http404
    return found


def contacts(membership: Membership) -> QuerySet[Contact]:
    """People the member may see, each once: their parts are not listed.

    Whoever sees all channels and teams sees everybody; others those with whom they see a
    conversation.
    """
    rows = Contact.objects.filter(
        organization_id=membership.organization_id, merged_into__isnull=True
    )
    if membership.sees_all_channels and membership.sees_all_teams:
        return rows
    visible = conversations(membership).order_by()
    return rows.filter(
        Exists(visible.filter(contact=OuterRef("pk")))
        | Exists(visible.filter(contact__merged_into=OuterRef("pk")))
    )


def contact_or_404(membership: Membership, contact_id: int) -> Contact:
    """One visible person; a part of one stands for them."""
    if not 0 < contact_id <= LARGEST_ID:
        raise Http404
    named = Q(pk=contact_id) | Q(pk__in=Contact.objects.filter(parts=contact_id))
    found = contacts(membership).filter(named).first()
    if found is None:
        raise Http404
    return found


def channels(membership: Membership) -> QuerySet[Channel]:
    """The channels the member may see."""
    rows = Channel.objects.filter(organization_id=membership.organization_id)
    if membership.sees_all_channels:
        return rows
    return rows.filter(pk__in=membership.channels.all())


def connections(membership: Membership) -> QuerySet[Connection]:
    """The organisation's accounts at providers, for whoever changes settings."""
    rows = Connection.objects.filter(organization_id=membership.organization_id)
    return rows if membership.manages else rows.none()


def reads_dead_letters(membership: Membership) -> bool:
    """Whether the role looks after work that could not be done."""
    return membership.manages or membership.role == Role.SUPERVISOR


def dead_letters(membership: Membership) -> QuerySet[DeadLetter]:
    """Work that could not be done, for owners, admins and supervisors; none for others.

    Its payload holds what customers wrote, so what a supervisor does not see stays hidden here
    too: letters of other channels or of no channel, and files of other teams' messages.
    """
    rows = DeadLetter.objects.filter(organization_id=membership.organization_id)
    if not reads_dead_letters(membership):
        return rows.none()
    if membership.manages:
        return rows
    if not membership.sees_all_channels:
        rows = rows.filter(channel__in=membership.channels.all())
    if not membership.sees_all_teams:
        theirs = conversations(membership)
        rows = rows.filter(
            Q(media__isnull=True) | Q(media__message__conversation__in=theirs),
            Q(message__isnull=True) | Q(message__conversation__in=theirs),
        )
    return rows


def breakers(membership: Membership) -> QuerySet[Breaker]:
    """Breakers of the organisation's numbers and connections, and of the hosts that these use,
    for whoever changes settings.
    """
    if not membership.manages:
        return Breaker.objects.none()
    mine = membership.organization_id
    used = Connection.objects.filter(organization=mine).values_list("base_url", "kind")
    hosts = {scopes.of_stored(base_url, kind) for base_url, kind in used}
    return Breaker.objects.filter(
        Q(channel__organization=mine) | Q(connection__organization=mine) | Q(scope__in=hosts)
    ).select_related("channel__connection", "connection", "override_by")


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
