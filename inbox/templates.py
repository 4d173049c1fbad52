"""Message templates as a member sees them: those of the channels they see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import Http404

from inbox import access
from messaging.hints import hint
from messaging.models import Connection
from outbound import template_sync
from outbound.models import MessageTemplate, TemplateSync
from outbound.tasks import sync_due_templates

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Membership

GONE = "DELETED"


@dataclass(frozen=True, slots=True)
class Sync:
    """How fresh a connection's templates are."""

    connection: Connection
    sync: TemplateSync


def templates(membership: Membership, channel_id: int | None = None) -> QuerySet[MessageTemplate]:
    """What the channels may send, or once could; without what was deleted. Raises Http404 for a
    channel that the member does not see.
    """
    channels = access.channels(membership)
    if channel_id is not None:
        channels = channels.filter(pk=min(channel_id, access.LARGEST_ID))
        if not channels.exists():
            raise Http404
    rows = MessageTemplate.objects.filter(connection__in=channels.values("connection"))
    return rows.exclude(status=GONE).order_by("name", "language", "pk")


def ask_for_sync(membership: Membership, connection_id: int) -> Sync:
    """Have a connection's templates fetched as soon as the provider's budget allows.

    Raises PermissionDenied and Http404.
    """
    access.manager_required(membership)
    rows = Connection.objects.filter(organization_id=membership.organization_id)
    connection = rows.filter(pk=min(connection_id, access.LARGEST_ID)).first()
    if connection is None:
        raise Http404
    sync = template_sync.ask(connection.pk)
    hint(sync_due_templates, queue="background")
    return Sync(connection, sync)
