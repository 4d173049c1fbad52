"""The protocol's steps in rows: each only where the table allows it, whoever asks for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from messaging.sql import execute
from outbound import protocol
from outbound.limits import quotas
from outbound.protocol import AttemptState
from outbound.retry import Repeat

if TYPE_CHECKING:
    from outbound.recording import Outcome


def move_attempts(outcomes: Sequence[Outcome]) -> dict[int, str]:
    """Write attempts where the protocol allows it; the states they had, by attempt."""
    sources, targets = protocol.pairs(protocol.ATTEMPT_TRANSITIONS)
    rows = execute(
        WRITE_ATTEMPTS,
        {
            "attempts": [outcome.claim.attempt_pk for outcome in outcomes],
            "states": [outcome.verdict.state.value for outcome in outcomes],
            "http_statuses": [outcome.answer.http_status for outcome in outcomes],
            "codes": [outcome.verdict.error_code for outcome in outcomes],
            "titles": [outcome.verdict.error_title for outcome in outcomes],
            "details": [outcome.answer.details for outcome in outcomes],
            "provider_ids": [outcome.answer.provider_id for outcome in outcomes],
            "sources": sources,
            "targets": targets,
        },
    )
    return dict(rows)


def move_entries(outcomes: Sequence[Outcome]) -> set[int]:
    """Write entries where the protocol allows it; those that moved."""
    sources, targets = protocol.pairs(protocol.ENTRY_TRANSITIONS)
    rows = execute(
        WRITE_ENTRIES,
        {
            "entries": [outcome.claim.entry_id for outcome in outcomes],
            "attempts": [outcome.claim.attempt_pk for outcome in outcomes],
            "states": [outcome.step.state.value for outcome in outcomes],
            "delays": [outcome.step.delay_seconds for outcome in outcomes],
            "spent": [int(outcome.verdict.repeat is not Repeat.FREE) for outcome in outcomes],
            "sources": sources,
            "targets": targets,
            "open": [state.value for state in protocol.OPEN_ENTRIES],
            "hold": protocol.HOLD_SECONDS,
        },
    )
    return {entry_id for (entry_id,) in rows}


def close_intents(entry_ids: Collection[int]) -> dict[int, int]:
    """Let no further attempt of these entries leave; the tokens of the claims that made them, by
    conversation.

    Whoever fences at the same moment is either seen here as `dispatching`, or finds its attempt
    closed.
    """
    if not entry_ids:
        return {}
    rows = execute(
        CLOSE_INTENTS,
        {
            "entries": list(entry_ids),
            "source": AttemptState.INTENT.value,
            "target": AttemptState.NOT_SENT.value,
        },
    )
    quotas.give_back([attempt_pk for attempt_pk, *_ in rows])
    return {conversation_id: token for _, conversation_id, token in rows}


def close_forgotten() -> int:
    """Attempts whose claim ran out after another one had settled their entry: they never left,
    or nobody knows what became of them; nothing waits for it. How many.
    """
    rows = execute(
        FORGET,
        {
            "intent": AttemptState.INTENT.value,
            "dispatching": AttemptState.DISPATCHING.value,
            "not_sent": AttemptState.NOT_SENT.value,
            "unknown": AttemptState.UNKNOWN.value,
            "seconds": protocol.CLAIM_SECONDS,
        },
    )
    quotas.give_back([pk for pk, state in rows if state == AttemptState.NOT_SENT])
    return len(rows)


WRITE_ATTEMPTS = """
UPDATE outbound_sendattempt AS attempt SET
  state = row.state, http_status = row.http_status, error_code = row.code,
  error_title = row.title, error_details = row.details, provider_id = row.provider_id,
  finished_at = statement_timestamp()
FROM unnest(
  %(attempts)s::bigint[], %(states)s::text[], %(http_statuses)s::smallint[], %(codes)s::text[],
  %(titles)s::text[], %(details)s::text[], %(provider_ids)s::text[]
) AS row(attempt_id, state, http_status, code, title, details, provider_id)
JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
  ON allowed.target = row.state
WHERE attempt.id = row.attempt_id AND attempt.state = allowed.source
RETURNING attempt.id, allowed.source
"""

# Whoever was paused for long tells of the end of a hold that is not this one.
WRITE_ENTRIES = """
UPDATE outbound_outboxentry AS entry SET
  state = row.state,
  due_at = CASE row.state
    WHEN 'confirming' THEN attempt.dispatched_at + make_interval(secs => %(hold)s)
    ELSE statement_timestamp() + make_interval(secs => row.delay_seconds) END,
  attempt_count = entry.attempt_count + row.spent,
  throttle_count = CASE row.state WHEN 'throttled' THEN entry.throttle_count + 1 ELSE 0 END,
  finished_at = CASE WHEN row.state = ANY(%(open)s::text[]) THEN NULL ELSE statement_timestamp() END
FROM unnest(
  %(entries)s::bigint[], %(attempts)s::bigint[], %(states)s::text[], %(delays)s::float8[],
  %(spent)s::int[]
) AS row(entry_id, attempt_id, state, delay_seconds, spent)
JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
  ON allowed.target = row.state
LEFT JOIN outbound_sendattempt AS attempt ON attempt.id = row.attempt_id
WHERE entry.id = row.entry_id AND entry.state = allowed.source
  AND (row.state <> 'needs_review' OR entry.due_at <= statement_timestamp())
RETURNING entry.id
"""

CLOSE_INTENTS = """
UPDATE outbound_sendattempt AS attempt SET
  state = %(target)s, error_code = 'not_started', finished_at = statement_timestamp()
FROM outbound_outboxentry AS entry
WHERE entry.id = ANY(%(entries)s::bigint[]) AND attempt.entry_id = entry.id
  AND attempt.state = %(source)s
RETURNING attempt.id, entry.conversation_id, attempt.token
"""

FORGET = """
UPDATE outbound_sendattempt AS attempt SET
  state = CASE attempt.state WHEN %(intent)s THEN %(not_sent)s ELSE %(unknown)s END,
  error_code = 'claim_expired', finished_at = statement_timestamp()
FROM outbound_outboxentry AS entry
WHERE attempt.state IN (%(dispatching)s, %(intent)s) AND entry.id = attempt.entry_id
  AND entry.finished_at IS NOT NULL
  AND COALESCE(attempt.dispatched_at, attempt.started_at)
    < statement_timestamp() - make_interval(secs => %(seconds)s)
RETURNING attempt.id, attempt.state
"""
