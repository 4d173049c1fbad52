"""People we do not talk to: what they send is kept, and disturbs nobody.

The whole family of a merged contact is blocked and unblocked as one; the root says what is true
(`carrying.take_over` brings it along). Nothing is told to the provider: WhatsApp's own list of
blocked users would drop what is to be kept, and takes only whom it has heard of within a day.

Locks: as in `messaging.merging`, so that neither a merge nor a message can slip in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Now

from messaging import internal, merging, timeline
from messaging.models import Contact, ConversationState
from messaging.sql import execute
from messaging.waiting import WAITS
from messaging.windows import SILENT_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from messaging.models import Conversation, User

BLOCKED, UNBLOCKED = "blocked", "unblocked"


def is_blocked(through: str = "") -> Q:
    """Which contacts are of somebody who is blocked; `through` leads to them (`contact__`)."""
    return Q(**{f"{through}blocked_at__isnull": False}) | Q(
        **{f"{through}merged_into__blocked_at__isnull": False}
    )


def block(contact_id: int, *, by: User) -> dict[int, Conversation] | None:
    """Block a person, in the caller's transaction; None where they are blocked already.

    Nobody waits for an answer any more. Returns their locked conversations, each with a line on
    it; the caller ends with `timeline.publish`.
    """
    family = merging.lock_family(contact_id)
    rows = Contact.objects.filter(pk__in=family)
    if rows.filter(merged_into=None, blocked_at__isnull=False).exists():
        return None
    rows.update(blocked_at=Now())
    conversations = timeline.lock(merging.touched_conversations([contact_id]))
    for conversation in conversations.values():
        conversation.waiting_since = None
        internal.add_event(conversation, BLOCKED, by=by)
    return conversations


def unblock(contact_id: int, *, by: User) -> dict[int, Conversation] | None:
    """The reverse of `block`: who waited before and was never answered waits again.

    What came in between stays kept and is not counted afterwards.
    """
    family = merging.lock_family(contact_id)
    rows = Contact.objects.filter(pk__in=family)
    if not rows.filter(blocked_at__isnull=False).update(blocked_at=None):
        return None
    conversations = timeline.lock(merging.touched_conversations([contact_id]))
    since = dict(execute(WAITS, [sorted(SILENT_KINDS), sorted(conversations)]))
    for conversation in conversations.values():
        if conversation.state != ConversationState.RESOLVED:
            conversation.waiting_since = since[conversation.pk]
        internal.add_event(conversation, UNBLOCKED, by=by)
    return conversations


def mark(conversations: Mapping[int, Conversation]) -> None:
    """Say of locked conversations whether their contact is blocked: one statement for them all.

    Read after the lock, so that nobody is blocked behind its back.
    """
    if not conversations:
        return
    for (conversation_id,) in execute(AMONG, [sorted(conversations)]):
        conversations[conversation_id].is_blocked = True


AMONG = """
SELECT conversation.id FROM messaging_conversation AS conversation
JOIN messaging_contact AS contact ON contact.id = conversation.contact_id
LEFT JOIN messaging_contact AS root ON root.id = contact.merged_into_id
WHERE conversation.id = ANY(%s)
  AND (contact.blocked_at IS NOT NULL OR root.blocked_at IS NOT NULL)
"""
