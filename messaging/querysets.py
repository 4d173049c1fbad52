"""Reads of conversations and messages; visibility first, so that nothing else can be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from messaging.models import Conversation, Membership, Message  # noqa: F401 - in strings


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Conversations, narrowed to what somebody may see."""

    def visible_to(self, membership: Membership) -> ConversationQuerySet:
        """Those of the member's organisation, channels and teams.

        A conversation without a team belongs to everybody who sees its channel.
        """
        rows = self.filter(organization_id=membership.organization_id)
        if not membership.sees_all_channels:
            rows = rows.filter(channel__in=membership.channels.all())
        if not membership.sees_all_teams:
            rows = rows.filter(Q(team__isnull=True) | Q(team__in=membership.teams.all()))
        return rows


class MessageQuerySet(models.QuerySet["Message"]):
    """Messages of conversations."""

    def changed_after(self, seq: int) -> MessageQuerySet:
        """What was born or changed since the reader's number, oldest change first."""
        return self.filter(changed_seq__gt=seq).order_by("changed_seq")

    def shown(self) -> MessageQuerySet:
        """Without echoes that turned out to be other messages: their readers see them go."""
        return self.filter(duplicate_of__isnull=True)
