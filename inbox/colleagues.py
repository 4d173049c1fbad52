"""Whom and what a member may give conversations to: agents, teams, labels of the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from messaging.models import Label, Membership, Role, Team

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Conversation


def agents(membership: Membership) -> QuerySet[Membership]:
    """Everybody in the organisation who answers customers, by name."""
    rows = Membership.objects.filter(
        organization_id=membership.organization_id, user__is_active=True
    )
    return rows.exclude(role=Role.AUDITOR).select_related("user").order_by("user__name", "pk")


def agents_for(membership: Membership, conversation: Conversation) -> QuerySet[Membership]:
    """Those of them who see the conversation."""
    rows = agents(membership).filter(
        Q(sees_all_channels=True) | Q(channels=conversation.channel_id)
    )
    if conversation.team_id is not None:
        rows = rows.filter(Q(sees_all_teams=True) | Q(teams=conversation.team_id))
    return rows.distinct()


def teams(membership: Membership) -> QuerySet[Team]:
    """The organisation's teams, by name."""
    return Team.objects.filter(organization_id=membership.organization_id).order_by("name")


def labels(membership: Membership) -> QuerySet[Label]:
    """The organisation's labels, by name."""
    return Label.objects.filter(organization_id=membership.organization_id).order_by("name")
