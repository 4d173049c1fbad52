"""Canned replies: whose they are, and what they say to one customer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import Http404

from inbox import access
from inbox.models import CannedReply
from inbox.refusals import ReadOnly
from messaging.models import Membership, Role

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Conversation

VARIABLE = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
VARIABLES = (
    "contact.name",
    "contact.first_name",
    "agent.name",
    "agent.first_name",
    "channel.name",
)
SHARERS = frozenset({Role.OWNER, Role.ADMIN, Role.SUPERVISOR})


class ShortcutTaken(Exception):
    """The same shortcut is there already, of the same owner."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned reply for one customer; `unknown` are the variables that still stand in it."""

    text: str
    unknown: tuple[str, ...]


def shares(membership: Membership) -> bool:
    """Whether this role writes canned replies for everybody."""
    return membership.role in SHARERS


def of(membership: Membership) -> QuerySet[CannedReply]:
    """One's own and everybody's, by shortcut; one's own first."""
    mine = Q(owner=membership.user) | Q(owner__isnull=True)
    rows = CannedReply.objects.filter(mine, organization_id=membership.organization_id)
    return rows.order_by(Lower("shortcut"), "owner", "pk")


def reply_or_404(membership: Membership, number: int) -> CannedReply:
    """One that the member may use."""
    if not 0 < number <= access.LARGEST_ID:
        raise Http404
    found = of(membership).filter(pk=number).first()
    if found is None:
        raise Http404
    return found


def may_change(membership: Membership, reply: CannedReply) -> bool:
    """One's own, and everybody's by who shares."""
    return reply.owner_id == membership.user_id or (reply.owner_id is None and shares(membership))


def keep(membership: Membership, reply: CannedReply, *, is_shared: bool) -> CannedReply:
    """Write a new or changed one. Raises ReadOnly or ShortcutTaken; then nothing was written."""
    if reply.pk is not None and not may_change(membership, reply):
        raise ReadOnly
    if is_shared and not shares(membership):
        raise ReadOnly
    if not membership.replies:
        raise ReadOnly
    reply.organization_id = membership.organization_id
    reply.owner = None if is_shared else membership.user
    try:
        with transaction.atomic():
            reply.save()
    except IntegrityError as error:
        if "canned_reply_shortcut_unique" not in str(error):
            raise
        raise ShortcutTaken from error
    return reply


def remove(membership: Membership, reply: CannedReply) -> None:
    """Raises ReadOnly."""
    if not may_change(membership, reply):
        raise ReadOnly
    reply.delete()


def fill(reply: CannedReply, membership: Membership, conversation: Conversation) -> Filled:
    """What it says in a conversation; a variable that is unknown, or empty here, stays visible."""
    values = _values(membership, conversation)
    unknown: list[str] = []

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        if not value:
            unknown.append(match[0])
        return value or match[0]

    text = VARIABLE.sub(value_of, reply.text)
    return Filled(text=text, unknown=tuple(dict.fromkeys(unknown)))


def unknown_in(text: str) -> list[str]:
    """Variables of a text that nothing will ever fill."""
    names = dict.fromkeys(match[1] for match in VARIABLE.finditer(text))
    return [name for name in names if name not in VARIABLES]


def _values(membership: Membership, conversation: Conversation) -> dict[str, str]:
    contact, agent = conversation.contact.person, membership.user
    return {
        "contact.name": contact.name.strip(),
        "contact.first_name": _first(contact.name),
        "agent.name": agent.name.strip(),
        "agent.first_name": _first(agent.name),
        "channel.name": conversation.channel.name,
    }


def _first(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.split() else ""
