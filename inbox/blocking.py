"""Members block people and let them in again; a line in every conversation and the audit say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from inbox import access, audit
from inbox.refusals import ReadOnly
from messaging import blocking, timeline

if TYPE_CHECKING:
    from messaging.models import Contact, Membership


def set_blocked(membership: Membership, contact_id: int, *, is_blocked: bool) -> Contact:
    """Block a person or unblock them; nothing happens where they are. Raises Http404, ReadOnly."""
    contact = access.contact_or_404(membership, contact_id)
    if not membership.replies:
        raise ReadOnly
    change = blocking.block if is_blocked else blocking.unblock
    with transaction.atomic():
        conversations = change(contact.pk, by=membership.user)
        if conversations is not None:
            audit.record(
                contact.organization_id,
                "block_contact" if is_blocked else "unblock_contact",
                f"contact:{contact.pk}",
                by=membership.user,
            )
            timeline.publish(conversations.values())
    contact.refresh_from_db()
    return contact
