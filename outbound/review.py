"""What a person decides about a message that nobody knows of, that failed, or that still waits.

Whoever is first decides: every step is a conditional update under the lane's lock, so a second
press, or evidence that came in between, finds nothing left to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from messaging import outgoing
from messaging.hints import hint
from messaging.models import Conversation, Message, MessageStatus
from messaging.sql import execute
from outbound import lanes, protocol, steps
from outbound.protocol import AttemptState, By, EntryState, Transition
from outbound.tasks import dispatch_due_entries


class Action(StrEnum):
    """The answers there are."""

    SEND_AGAIN = "send_again"
    MARK_SENT = "mark_sent"
    DISCARD = "discard"
    # A discard that goes only as long as it has certainly not left.
    TAKE_BACK = "take_back"


@dataclass(eq=False)
class NotOpen(Exception):
    """There is nothing to decide any more; `state` is the entry's, empty where there is none."""

    state: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: the message as it is now, and the state its entry had."""

    message: Message
    entry_id: int
    was: str


ENTRIES = {
    Action.SEND_AGAIN: EntryState.WAITING,
    Action.MARK_SENT: EntryState.ACCEPTED,
    Action.DISCARD: EntryState.DISCARDED,
    Action.TAKE_BACK: EntryState.DISCARDED,
}
ATTEMPTS = {
    Action.SEND_AGAIN: AttemptState.RESENT,
    Action.MARK_SENT: AttemptState.RESOLVED,
    Action.DISCARD: AttemptState.RESOLVED,
    Action.TAKE_BACK: AttemptState.RESOLVED,
}
MESSAGES = {
    Action.SEND_AGAIN: MessageStatus.PENDING,
    Action.MARK_SENT: MessageStatus.ACCEPTED,
    Action.DISCARD: MessageStatus.DISCARDED,
    Action.TAKE_BACK: MessageStatus.DISCARDED,
}
# Nothing of an entry is under way while it waits.
STILL_HERE = frozenset({EntryState.WAITING, EntryState.THROTTLED})


def decide(
    conversation: Conversation, message_id: int, action: Action, *, by: By = By.PERSON
) -> Decision:
    """Carry out `action` for a message of a locked conversation, which the caller publishes.

    What is sent again takes its place at the end of its lane, with all its tries, as an attempt
    of its own. Locks the lane. Raises NotOpen; then the caller's transaction must not commit.
    """
    lanes.lock([conversation.pk])
    _answer_attempts(message_id, action, by)
    entry_id, was = _move_entry(conversation.pk, message_id, action, by)
    overtaken = steps.close_intents([entry_id])
    if _is_leaving(entry_id):
        raise NotOpen(was)
    # No claim has the number 0: a lane that is claimed is advanced by its owner.
    lanes.advance([conversation.pk], [overtaken.get(conversation.pk, 0)])
    hint(dispatch_due_entries, queue="send")
    [message] = outgoing.restate([message_id], MESSAGES[action], {conversation.pk: conversation})
    return Decision(message, entry_id, was)


def _answer_attempts(message_id: int, action: Action, by: By) -> None:
    sources, targets = protocol.pairs(protocol.ATTEMPT_TRANSITIONS, by=by)
    execute(
        ANSWER,
        {
            "message": message_id,
            "target": ATTEMPTS[action].value,
            "sources": sources,
            "targets": targets,
        },
    )


def _move_entry(conversation_id: int, message_id: int, action: Action, by: By) -> tuple[int, str]:
    sources, targets = protocol.pairs(_steps(action), by=by)
    rows = execute(
        MOVE,
        {
            "conversation": conversation_id,
            "message": message_id,
            "target": ENTRIES[action].value,
            "leaves": action is Action.SEND_AGAIN,
            "is_policy": by is By.POLICY,
            "sources": sources,
            "targets": targets,
        },
    )
    if not rows:
        raise NotOpen(_state_of(message_id))
    [(entry_id, was)] = rows
    return entry_id, was


def _steps(action: Action) -> tuple[Transition, ...]:
    """What may happen to the entry: somebody who takes a message back answers no question."""
    if action is not Action.TAKE_BACK:
        return protocol.ENTRY_TRANSITIONS
    return tuple(each for each in protocol.ENTRY_TRANSITIONS if each.source in STILL_HERE)


def _state_of(message_id: int) -> str:
    rows = execute("SELECT state FROM outbound_outboxentry WHERE message_id = %s", [message_id])
    return rows[0][0] if rows else ""


def _is_leaving(entry_id: int) -> bool:
    """Whether an attempt has passed the fence: nothing can be taken back by then."""
    return bool(execute(LEAVING, [entry_id, AttemptState.DISPATCHING.value]))


ANSWER = """
UPDATE outbound_sendattempt AS attempt SET state = allowed.target
FROM outbound_outboxentry AS entry,
  unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
WHERE entry.message_id = %(message)s AND attempt.entry_id = entry.id
  AND attempt.state = allowed.source AND allowed.target = %(target)s
"""

# What the message says decides too: a failure that was outlived by news is none any more.
MOVE = """
UPDATE outbound_outboxentry AS entry SET
  state = allowed.target,
  finished_at = CASE WHEN %(leaves)s THEN NULL ELSE statement_timestamp() END,
  ready_at = CASE WHEN %(leaves)s THEN statement_timestamp() ELSE entry.ready_at END,
  due_at = statement_timestamp(),
  deadline_at = CASE WHEN %(leaves)s
    THEN statement_timestamp() + (entry.deadline_at - entry.ready_at)
    ELSE entry.deadline_at END,
  attempt_count = CASE WHEN %(leaves)s THEN 0 ELSE entry.attempt_count END,
  throttle_count = 0, waits_for = '',
  was_resent = entry.was_resent OR %(is_policy)s
FROM messaging_message AS message,
  unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
WHERE entry.message_id = %(message)s AND entry.conversation_id = %(conversation)s
  AND entry.state = allowed.source AND allowed.target = %(target)s
  AND message.id = entry.message_id
  AND message.status = CASE
    WHEN entry.state IN ('waiting', 'throttled') THEN 'pending' ELSE entry.state END
  AND NOT (%(is_policy)s AND entry.was_resent)
RETURNING entry.id, allowed.source
"""

LEAVING = "SELECT 1 FROM outbound_sendattempt WHERE entry_id = %s AND state = %s"
