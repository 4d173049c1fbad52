"""Whether the contact allows what is about to be written to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone

from inbox.refusals import ConsentNeeded
from messaging import windows
from messaging.models import Conversation
from outbound import consents

if TYPE_CHECKING:
    from inbox.reply_content import Reply

TEMPLATE = "template"


def need_consent(conversation: Conversation, reply: Reply) -> None:
    """Raise ConsentNeeded where the contact said no, or not the yes that the policy wants.

    Free text within the window answers the customer, and needs none.
    """
    is_open = windows.is_open(conversation.window_expires_at, now=timezone.now())
    code = consents.allowed(
        consents.Wanted(
            organization_id=conversation.organization_id,
            contact_id=conversation.contact_id,
            channel_id=conversation.channel_id,
            message_class=reply.message_class,
            is_template=reply.kind == TEMPLATE,
            is_reply=reply.kind != TEMPLATE and is_open,
        )
    )
    if code:
        raise ConsentNeeded(code)
