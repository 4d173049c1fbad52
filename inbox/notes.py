"""Internal notes: what colleagues say about a conversation, and whom they call in.

Nothing stands against a note: neither window nor lease nor what arrived meanwhile, since no
customer ever gets it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import access, drafts, mentions, queries, unions
from inbox.models import DraftMode, Mention
from inbox.refusals import IdReused, Invalid, ReadOnly
from messaging import internal, timeline
from messaging.models import Conversation, Membership, Message, User
from messaging.providers.values import clean

LONGEST_TEXT = 10_000
LONGEST_ID = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What an agent remarks; `mentions` are ids that tell people of one name apart."""

    client_message_id: str
    text: str
    mentions: tuple[int, ...] = ()
    # From the composer, whose draft it was.
    is_composed: bool = False


def add(membership: Membership, conversation_id: int, note: Note) -> tuple[Message, bool]:
    """Put a note into the conversation; the message, and whether it is new.

    A repeat with the same client_message_id and text gives the first one again. Raises Http404,
    ReadOnly, Invalid or IdReused; then nothing was written.
    """
    seen = queries.with_merged(access.conversations(membership))
    asked = access.conversation_or_404(membership, conversation_id, seen)
    if not membership.replies:
        raise ReadOnly
    text = _checked(note)
    union = unions.unions_of([asked], seen)[asked.pk]
    try:
        with transaction.atomic():
            conversation = timeline.lock([union.main.pk])[union.main.pk]
            first = _first(conversation, note, text, within=union.key)
            if first is not None:
                return first, False
            return _write(membership.user, conversation, note, text), True
    except IntegrityError as error:
        if "message_client_id_unique" not in str(error):
            raise
        raise IdReused from error


def see_mentions(user: User, conversation_ids: Iterable[int]) -> int:
    """They have opened the conversation; how many mentions were new to them."""
    open_ = Mention.objects.filter(user=user, conversation__in=conversation_ids, seen_at=None)
    return open_.update(seen_at=Now())


def _checked(note: Note) -> str:
    if not 0 < len(note.client_message_id) <= LONGEST_ID or "\0" in note.client_message_id:
        raise Invalid({"client_message_id": [_("Give an id of 1 to 64 characters.")]})
    text: str = clean(note.text)
    if not text.strip():
        raise Invalid({"text": [_("Write something first.")]})
    if len(text) > LONGEST_TEXT:
        said = _("A note has at most %(most)d characters; these are %(count)d.")
        raise Invalid({"text": [said % {"most": LONGEST_TEXT, "count": len(text)}]})
    return text


def _first(
    conversation: Conversation, note: Note, text: str, *, within: tuple[int, ...]
) -> Message | None:
    found = Message.objects.filter(
        organization_id=conversation.organization_id, client_message_id=note.client_message_id
    ).first()
    if found is None:
        return None
    if (found.kind, found.text) != (internal.NOTE, text) or found.conversation_id not in within:
        raise IdReused
    return found


def _write(user: User, conversation: Conversation, note: Note, text: str) -> Message:
    named = mentions.named_in(text, mentions.who_sees(conversation), note.mentions)
    message = internal.add_note(
        conversation,
        text,
        by=user,
        client_message_id=note.client_message_id,
        content={"mentions": [asdict(each) for each in named]} if named else None,
    )
    Mention.objects.bulk_create(
        Mention(user_id=each.id, conversation=conversation, message=message)
        for each in named
        if each.id != user.pk
    )
    if note.is_composed:
        drafts.clear(user, conversation, DraftMode.NOTE)
    timeline.publish([conversation])
    return message
