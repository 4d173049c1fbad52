"""Who may hold a socket, and whether they still may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.db.models.functions import Now
from django.http import Http404, HttpRequest
from django.utils import translation

from inbox import access, languages, queries, unions
from inbox.access import Scope
from messaging.models import Conversation, Membership
from outbound import courtesies


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a socket was admitted with; it closes when any of it no longer holds."""

    membership_id: int
    user_id: int
    session_key: str
    session_hash: str
    scope: Scope
    language: str
    # What they chose for themselves; "" while their browser decides.
    chosen: str = ""

    @property
    def organization_id(self) -> int:
        return self.scope.organization_id


def admit(scope: dict[str, Any]) -> Ticket | None:
    """A ticket for the browser behind an ASGI scope, or None for strangers."""
    user, session = scope["user"], scope["session"]
    membership = access.session_membership(user, session)
    if membership is None or not session.session_key or BACKEND_SESSION_KEY not in session:
        return None
    chosen = languages.chosen_by(user)
    return Ticket(
        membership_id=membership.pk,
        user_id=user.pk,
        session_key=session.session_key,
        session_hash=session.get(HASH_SESSION_KEY, ""),
        scope=access.scope_of(membership),
        language=chosen or _language(scope),
        chosen=chosen,
    )


def withdrawn(tickets: Iterable[Ticket]) -> set[Ticket]:
    """Those whose membership, session, password, scope or language is no longer as it was."""
    asked = set(tickets)
    members = {
        membership.pk: membership
        for membership in Membership.objects.filter(
            pk__in={ticket.membership_id for ticket in asked}, user__is_active=True
        )
        .select_related("user__profile")
        .prefetch_related("channels", "teams")
    }
    sessions = set(
        Session.objects.filter(
            Q(pk__in={ticket.session_key for ticket in asked}), expire_date__gt=Now()
        ).values_list("pk", flat=True)
    )
    return {
        ticket
        for ticket in asked
        if ticket.session_key not in sessions
        or not _still_holds(ticket, members.get(ticket.membership_id))
    }


def membership_of(ticket: Ticket) -> Membership | None:
    """The ticket's member with the rights they have now."""
    rows = Membership.objects.select_related("user")
    return rows.filter(pk=ticket.membership_id, user__is_active=True).first()


def open_conversation(ticket: Ticket, conversation_id: int) -> dict[int, int]:
    """The heads of a conversation the ticket's member may see and of those it goes on from."""
    membership = membership_of(ticket)
    if membership is None:
        return {}
    seen = queries.with_merged(access.conversations(membership))
    try:
        found = access.conversation_or_404(membership, conversation_id, seen)
    except Http404:
        return {}
    return {each.pk: each.head_seq for each in unions.unions_of([found], seen)[found.pk].all}


def replies_in(ticket: Ticket, conversation_id: int) -> bool:
    """Whether the ticket's member may see this conversation and answer in it."""
    membership = membership_of(ticket)
    if membership is None or not membership.replies:
        return False
    return access.conversations(membership).filter(pk=conversation_id).exists()


def typing(ticket: Ticket, conversation_id: int) -> bool:
    """The ticket's member types an answer, and the customer is told; False if they may not."""
    may_reply = replies_in(ticket, conversation_id)
    if may_reply:
        courtesies.on_typing(conversation_id)
    return may_reply


def heads(
    organization_ids: set[int], conversation_ids: set[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """The true numbers of organisations and of conversations, for everybody in one go."""
    conversations = Conversation.objects.filter(pk__in=conversation_ids)
    return (
        {pk: queries.organization_head(pk) for pk in organization_ids},
        dict(conversations.values_list("pk", "head_seq")),
    )


def _still_holds(ticket: Ticket, membership: Membership | None) -> bool:
    if membership is None or membership.user_id != ticket.user_id:
        return False
    if languages.chosen_by(membership.user) != ticket.chosen:
        return False
    hashes = {membership.user.get_session_auth_hash()}
    hashes.update(membership.user.get_session_auth_fallback_hash())
    return ticket.session_hash in hashes and access.scope_of(membership) == ticket.scope


def _language(scope: dict[str, Any]) -> str:
    """As LocaleMiddleware would choose it for this browser's pages."""
    headers = dict(scope.get("headers") or ())
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = headers.get(b"accept-language", b"").decode("latin-1")
    request.COOKIES.update(scope.get("cookies") or {})
    return translation.get_language_from_request(request)
