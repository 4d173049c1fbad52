"""An agent answers a customer: nothing unseen, nobody else's turn, the window open; then it leaves.

Used by the composer and the API alike. What is said is checked first (`reply_content`), then the
rules of the conversation (`reply_guard`), under its lock and in the transaction that writes the
message and its outbox entry.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction

from inbox import (
    access,
    drafts,
    leasing,
    queries,
    reply_content,
    reply_targets,
    reply_templates,
    scheduling,
    unions,
)
from inbox.refusals import GoesOn, IdReused, Invalid, ReadOnly, Unseen, WindowClosed
from inbox.reply_content import LONGEST_TEXT, Reply
from inbox.reply_guard import TAKEOVER, UNSEEN, guard, unseen_by
from messaging import reacting, timeline
from messaging.models import Conversation, Membership, Message, User
from messaging.outgoing import Draft, compose
from outbound import courtesies, outbox, uploads

__all__ = [
    "LONGEST_TEXT",
    "TAKEOVER",
    "UNSEEN",
    "GoesOn",
    "IdReused",
    "Invalid",
    "ReadOnly",
    "Reply",
    "Unseen",
    "WindowClosed",
    "send_in",
    "send_reply",
    "unseen_by",
]


def send_reply(membership: Membership, conversation_id: int, reply: Reply) -> tuple[Message, bool]:
    """Write `reply` into the conversation and the outbox; the message, and whether it is new.

    A repeat with the same client_message_id and content gives the first message again. Where
    contacts were merged, it goes to the conversation that goes on. Raises Http404, ReadOnly,
    Invalid, IdReused, GoesOn, LeaseHeld, Unseen or WindowClosed; then nothing was written.
    """
    seen = queries.with_merged(access.conversations(membership))
    asked = access.conversation_or_404(membership, conversation_id, seen)
    if not membership.replies:
        raise ReadOnly
    reply = reply_content.cleaned(reply)
    union = unions.unions_of([asked], seen)[asked.pk]
    reply = reply_templates.filled(union.main.channel_id, reply)
    reply, target = reply_targets.aim(union.main, reply)
    reply_content.check(union.main.channel_id, reply)
    first = first_answer(union.main, reply, within=union.key)
    if first is not None:
        return first, False
    scheduling.check(reply)
    conversation = union.main
    if conversation.pk != asked.pk and reply.seen_seq is not None:
        raise GoesOn(conversation)
    try:
        with transaction.atomic():
            return send_in(membership.user, conversation.pk, reply, target)
    except IntegrityError as error:
        if "message_client_id_unique" not in str(error):
            raise
        raise IdReused from error


def send_in(
    author: User, conversation_id: int, reply: Reply, target: Message | None = None
) -> tuple[Message, bool]:
    """Write a reply that was checked, in the caller's transaction, of which this is the last step.

    `target` is what it quotes or reacts to. Raises Invalid, IdReused, LeaseHeld, Unseen or
    WindowClosed.
    """
    is_reaction = reply.kind == reacting.KIND
    beside = {target.conversation_id} if is_reaction and target else set()
    conversations = timeline.lock({conversation_id, *beside})
    conversation = conversations[conversation_id]
    first = first_answer(conversation, reply)
    if first is not None:
        return first, False
    taken = guard(author, conversation, reply)
    if is_reaction and target is not None:
        reply_targets.may_take_reaction(target)
    message = _write(author, conversation, reply, target)
    if reply.is_composed:
        drafts.clear(author, conversation)
    courtesies.on_reply(conversation_id)
    if is_reaction and target is not None:
        reacting.react(message, target, conversations)
    leasing.after_reply(author, conversation, token=reply.lease_token, taken=taken)
    timeline.publish(conversations.values())
    return message, True


def first_answer(
    conversation: Conversation, reply: Reply, *, within: tuple[int, ...] = ()
) -> Message | None:
    """The message that this client_message_id made before. Raises IdReused."""
    first = Message.objects.filter(
        organization_id=conversation.organization_id, client_message_id=reply.client_message_id
    ).first()
    if first is None:
        return None
    is_here = first.conversation_id in {conversation.pk, *within}
    if not is_here or not _says_the_same(first, reply):
        raise IdReused
    return first


def _says_the_same(first: Message, reply: Reply) -> bool:
    """As it was asked for, whatever an edit has made of it since."""
    born = first.original or {"text": first.text, "content": first.content}
    # A template's text is how its parameters read, written by us.
    text = reply.text if reply.kind == "template" else born["text"]
    said = (first.kind, text, born["content"], first.reply_to_id)
    return said == (reply.kind, reply.text, reply.content, reply.reply_to)


def _write(
    author: User, conversation: Conversation, reply: Reply, target: Message | None
) -> Message:
    draft = Draft(
        kind=reply.kind,
        text=reply.text,
        content=dict(reply.content),
        author=author,
        reply_to=target,
        client_message_id=reply.client_message_id,
        seen_seq=reply.seen_seq,
    )
    message = compose(conversation, draft)
    _attach(message)
    due_at = scheduling.leaves_at(reply, message)
    outbox.enqueue(message, message_class=reply.message_class, due_at=due_at)
    return message


def _attach(message: Message) -> None:
    """Give it the file that its content names."""
    try:
        uploads.attach(message)
    except uploads.Refused as refusal:
        raise Invalid({_upload_key(message): [refusal.sentence]}) from refusal


def _upload_key(message: Message) -> str:
    """Where a request has named the file."""
    if message.kind == reply_templates.KIND:
        return f"template.parameters.header.{uploads.kind_in(message.kind, message.content)}"
    return f"content.{reply_content.KEYS.get(message.kind, message.kind)}.upload"
