"""Dead letters of sends: sent again at the end of their lane, or given up.

A redrive is a claim on letters that are `retrying` and due, in the transaction that puts their
entries back, so it may run twice, at once, or die anywhere: an entry is put back once. Spread
over time by DLQ_RETRY_RATE, the oldest of a lane first; all of a lane's letters go together.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from functools import partial

from django.conf import settings
from django.db import transaction

from messaging import outgoing, timeline
from messaging.failpoints import failpoint
from messaging.hints import send_hint
from messaging.models import MessageStatus, User
from messaging.sql import execute
from outbound import lanes, protocol
from outbound.protocol import By, EntryState

DISPATCH = "outbound.tasks.dispatch_due_entries"
LANES_AT_ONCE = 100


def retry_letters(_letter_ids: Collection[int], seconds: float) -> None:
    """Put back what is due; letters that were just marked are."""
    retry_due(seconds=seconds)


def retry_due(*, seconds: float = 2.0) -> int:
    """Put entries of due letters back into their lanes; how many letters were looked at."""
    stop_at = time.monotonic() + seconds
    pace: _Pace | None = None
    count = 0
    while time.monotonic() < stop_at and (lanes_due := execute(DUE_LANES, [LANES_AT_ONCE])):
        pace = pace or _Pace()
        count += _put_back([conversation_id for (conversation_id,) in lanes_due], pace)
    execute(ORPHANED)
    return count


def discard_letters(letter_ids: Collection[int], *, by: User | None, reason: str) -> int:
    """Give up the messages of open letters for good; how many."""
    with transaction.atomic():
        rows = execute(PLACES, [list(letter_ids)])
        conversations = timeline.lock({conversation_id for _, conversation_id in rows})
        lanes.lock(list(conversations))
        closed = execute(
            DISCARD,
            {
                "letters": [letter_id for letter_id, _ in rows],
                "by": by.pk if by else None,
                "reason": reason,
                **_allowed(EntryState.DISCARDED),
            },
        )
        outgoing.restate(
            [message_id for (message_id,) in closed], MessageStatus.DISCARDED, conversations
        )
        timeline.publish(conversations.values())
    return len(closed)


class _Pace:
    """Seconds from now at which a channel's next message may leave, after those that were put
    back before.
    """

    def __init__(self) -> None:
        gap = 1 / settings.DLQ_RETRY_RATE
        self._free = {pk: float(seconds) + gap for pk, seconds in execute(PLANNED, [gap])}

    def next(self, channel_id: int) -> float:
        free = self._free.get(channel_id, 0.0)
        self._free[channel_id] = free + 1 / settings.DLQ_RETRY_RATE
        return free


def _put_back(conversation_ids: Sequence[int], pace: _Pace) -> int:
    with transaction.atomic():
        conversations = timeline.lock(conversation_ids)
        lanes.lock(conversation_ids)
        letters = execute(TAKE, [list(conversation_ids)])
        failpoint("dlq.taken")
        reopened = _reopen(letters, pace)
        outgoing.restate(
            [message_id for (message_id,) in reopened], MessageStatus.PENDING, conversations
        )
        execute(OPEN_LANES, [list(conversation_ids)])
        timeline.publish(conversations.values())
        transaction.on_commit(partial(send_hint, DISPATCH, queue="send"), robust=True)
    failpoint("redriving.put_back")
    return len(letters)


def _reopen(letters: Sequence[tuple[int, int, int]], pace: _Pace) -> list[tuple[int, ...]]:
    """Entries of `letters` (message, channel, entry) wait again, in the order of their lane."""
    rows = [(entry_id, pace.next(channel_id)) for _, channel_id, entry_id in letters]
    classes = settings.SEND_DEADLINES
    return execute(
        REOPEN,
        {
            "entries": [entry_id for entry_id, _ in rows],
            "offsets": [offset for _, offset in rows],
            "classes": list(classes),
            "seconds": [float(seconds) for seconds in classes.values()],
            **_allowed(EntryState.WAITING),
        },
    )


def _allowed(target: EntryState) -> dict[str, list[str]]:
    """From which states a person may bring a failed entry to `target`."""
    sources, targets = protocol.pairs(protocol.ENTRY_TRANSITIONS, by=By.PERSON)
    pairs = zip(sources, targets, strict=True)
    return {"sources": [s for s, t in pairs if t == target and s == EntryState.FAILED]}


DUE_LANES = """
SELECT DISTINCT entry.conversation_id
FROM messaging_deadletter AS letter
JOIN outbound_outboxentry AS entry ON entry.message_id = letter.message_id
WHERE letter.state = 'retrying' AND letter.source = 'outbound' AND letter.due_at <= now()
ORDER BY entry.conversation_id LIMIT %s
"""

PLANNED = """
SELECT entry.channel_id, EXTRACT(epoch FROM max(entry.ready_at) - statement_timestamp())
FROM messaging_deadletter AS letter
JOIN outbound_outboxentry AS entry ON entry.message_id = letter.message_id
WHERE letter.source = 'outbound' AND letter.state = 'retrying' AND letter.due_at IS NULL
  AND entry.finished_at IS NULL
  AND entry.ready_at > statement_timestamp() - make_interval(secs => %s)
GROUP BY entry.channel_id
"""

# Under the locks of their conversations and lanes, so that another redrive finds none.
TAKE = """
WITH taken AS (
  UPDATE messaging_deadletter AS letter SET due_at = NULL
  FROM outbound_outboxentry AS entry
  WHERE entry.conversation_id = ANY(%s::bigint[]) AND entry.message_id = letter.message_id
    AND letter.source = 'outbound' AND letter.state = 'retrying' AND letter.due_at <= now()
  RETURNING letter.message_id, entry.channel_id, entry.id, entry.conversation_id, entry.urgency,
    entry.ready_at
)
SELECT message_id, channel_id, id FROM taken ORDER BY ready_at, id
"""

# At the end of what is ready in the lane or will be soon; what is planned for later is not passed.
REOPEN = """
UPDATE outbound_outboxentry AS entry SET
  state = 'waiting', attempt_count = 0, throttle_count = 0, waits_for = '', finished_at = NULL,
  ready_at = row.at, due_at = row.at,
  deadline_at = row.at + make_interval(secs => class.seconds)
FROM (
  SELECT given.id, GREATEST(
    statement_timestamp() + make_interval(secs => given.seconds),
    (
      SELECT max(other.ready_at) FROM outbound_outboxentry AS other, outbound_outboxentry AS mine
      WHERE mine.id = given.id AND other.conversation_id = mine.conversation_id
        AND other.finished_at IS NULL
        AND other.ready_at < statement_timestamp() + interval '1 hour'
    )
  ) AS at
  FROM unnest(%(entries)s::bigint[], %(offsets)s::float8[]) AS given(id, seconds)
) AS row,
  messaging_message AS message,
  unnest(%(classes)s::text[], %(seconds)s::float8[]) AS class(name, seconds)
WHERE entry.id = row.id AND entry.state = ANY(%(sources)s::text[])
  AND class.name = entry.message_class
  AND message.id = entry.message_id AND message.status = 'failed'
RETURNING entry.message_id
"""

OPEN_LANES = """
UPDATE outbound_lane AS lane SET due_at = LEAST(lane.due_at, head.due_at)
FROM (
  SELECT conversation_id, min(due_at) AS due_at FROM outbound_outboxentry
  WHERE conversation_id = ANY(%s::bigint[]) AND finished_at IS NULL
  GROUP BY conversation_id
) AS head
WHERE lane.conversation_id = head.conversation_id AND lane.claimed_until IS NULL
"""

ORPHANED = """
UPDATE messaging_deadletter AS letter
SET state = 'failed', due_at = NULL, reason = 'the message is not kept any more'
WHERE letter.source = 'outbound' AND letter.state = 'retrying' AND letter.due_at <= now()
  AND NOT EXISTS (
    SELECT FROM outbound_outboxentry AS entry WHERE entry.message_id = letter.message_id
  )
"""

PLACES = """
SELECT letter.id, entry.conversation_id
FROM messaging_deadletter AS letter
JOIN outbound_outboxentry AS entry ON entry.message_id = letter.message_id
WHERE letter.id = ANY(%s::bigint[]) AND letter.source = 'outbound'
  AND letter.state IN ('failed', 'retrying')
"""

# A message that is on its way again cannot be given up here: what becomes of it is news.
DISCARD = """
WITH given_up AS (
  UPDATE outbound_outboxentry AS entry SET state = 'discarded'
  FROM messaging_deadletter AS letter, messaging_message AS message
  WHERE letter.id = ANY(%(letters)s::bigint[]) AND entry.message_id = letter.message_id
    AND entry.state = ANY(%(sources)s::text[])
    AND message.id = entry.message_id AND message.status = 'failed'
  RETURNING entry.message_id
)
UPDATE messaging_deadletter AS letter SET
  state = 'discarded', due_at = NULL, closed_at = now(), closed_by_id = %(by)s,
  closed_reason = %(reason)s
FROM given_up
WHERE letter.message_id = given_up.message_id AND letter.source = 'outbound'
  AND letter.state IN ('failed', 'retrying')
RETURNING letter.message_id
"""
