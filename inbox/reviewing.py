"""A person answers for a message: it leaves again, it had left, or it is given up; audited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from inbox import access, audit, scheduling
from inbox.refusals import ReadOnly
from messaging import timeline
from messaging.models import Membership, Message, MessageStatus, User
from outbound import review
from outbound.protocol import EntryState
from outbound.review import Action, Decision, NotOpen

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Choice:
    """A button below a bubble."""

    action: str
    label: _StrPromise
    tone: str = ""


SEND_AGAIN = Choice(Action.SEND_AGAIN.value, _("Send again"))
MARK_SENT = Choice(Action.MARK_SENT.value, _("Mark as sent"))
DISCARD = Choice(Action.DISCARD.value, _("Discard"), "quiet")
TAKE_BACK = Choice(Action.TAKE_BACK.value, _("Take back"))
# The audit chain's words.
VERBS = {
    Action.SEND_AGAIN: "send_message_again",
    Action.MARK_SENT: "mark_message_sent",
    Action.DISCARD: "discard_message",
    Action.TAKE_BACK: "take_message_back",
}
CHOICES: dict[tuple[str, str], tuple[Choice, ...]] = {
    (MessageStatus.NEEDS_REVIEW, EntryState.NEEDS_REVIEW): (SEND_AGAIN, MARK_SENT, DISCARD),
    (MessageStatus.FAILED, EntryState.FAILED): (SEND_AGAIN, DISCARD),
    **{(MessageStatus.PENDING, state): (TAKE_BACK,) for state in review.STILL_HERE},
}


def choices_of(message: Message) -> tuple[Choice, ...]:
    """What may be decided about a message of `queries.with_message_parts`."""
    entry = getattr(message, "outbox_entry", None)
    return CHOICES.get((message.status, entry.state), ()) if entry else ()


def decide(membership: Membership, message_id: int, action: Action) -> Message:
    """Carry out what a member has decided; the message as it is now.

    Raises Http404, ReadOnly, or NotOpen where there is nothing to decide any more: then nothing
    was written.
    """
    found = message_or_404(membership, message_id)
    if not membership.replies:
        raise ReadOnly
    return _decide(found, action, by=membership.user).message


def decide_as_operator(user: User, messages: Iterable[Message], action: Action) -> int:
    """The same for many, by whoever runs the installation; how many were open."""
    decided = 0
    for message in messages:
        try:
            _decide(message, action, by=user)
        except NotOpen:
            continue
        decided += 1
    return decided


def message_or_404(membership: Membership, message_id: int) -> Message:
    """One message of a visible conversation."""
    if not 0 < message_id <= access.LARGEST_ID:
        raise Http404
    found = access.messages(membership).filter(pk=message_id).first()
    if found is None:
        raise Http404
    return found


def _decide(found: Message, action: Action, *, by: User) -> Decision:
    with transaction.atomic():
        conversation = timeline.lock([found.conversation_id])[found.conversation_id]
        decision = review.decide(conversation, found.pk, action)
        if action is Action.TAKE_BACK:
            scheduling.taken_back(conversation, decision.message, by=by)
        audit.record(
            conversation.organization_id,
            VERBS[action],
            f"message:{found.pk}",
            by=by,
            details={"entry": decision.entry_id, "was": decision.was},
        )
        timeline.publish([conversation])
    return decision
