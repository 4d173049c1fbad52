"""Writing down what became of attempts, in batches; nothing here can lead to a second send."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    transaction,
)
from django.utils import timezone

from messaging import outgoing, timeline
from messaging.providers.answers import Answer
from messaging.sql import execute
from outbound import lanes, metrics, protocol
from outbound.claims import Claim
from outbound.departures import Departure
from outbound.error_codes import ErrorClass
from outbound.gates.refusal import Refusal
from outbound.protocol import AttemptState, EntryState
from outbound.retry import NextStep, Policy, Repeat, Verdict, classify, next_step
from outbound.words import OWN_CODES

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 2.0
NO_ANSWER = Answer()
MESSAGE_STATUS = {
    EntryState.ACCEPTED: "accepted",
    EntryState.FAILED: "failed",
    EntryState.NEEDS_REVIEW: "needs_review",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is to be written about one claim: the attempt's verdict and the entry's next step."""

    claim: Claim
    verdict: Verdict
    step: NextStep
    answer: Answer = NO_ANSWER
    slug: str = ""


def answered(departure: Departure, answer: Answer) -> Outcome:
    """The outcome of a request that was made, or begun too late to be made."""
    policy = _policy()
    verdict = classify(answer, retry_codes=policy.retry_codes)
    return Outcome(
        claim=departure.claim,
        verdict=verdict,
        step=next_step(
            verdict,
            tries=departure.claim.tries,
            policy=policy,
            retry_after=answer.retry_after_seconds,
            chance=random.random(),  # noqa: S311 - spreads retries, protects nothing
        ),
        answer=answer,
        slug=departure.sender.slug,
    )


def refused(departure: Departure, refusal: Refusal) -> Outcome:
    """The outcome of a message that a check has stopped: it has not left, and fails or waits."""
    verdict = Verdict(
        state=AttemptState.NOT_SENT,
        repeat=Repeat.FREE if refusal.waits else Repeat.NEVER,
        error_class=OWN_CODES[refusal.code],
        error_code=refusal.code,
    )
    step = next_step(
        verdict,
        tries=departure.claim.tries,
        policy=_policy(),
        retry_after=refusal.seconds,
        chance=random.random(),  # noqa: S311 - spreads retries, protects nothing
    )
    return Outcome(claim=departure.claim, verdict=verdict, step=step, slug=departure.sender.slug)


def hold_ended(claim: Claim) -> Outcome:
    """The outcome of waiting for evidence in vain: a person decides, the lane goes on."""
    return Outcome(
        claim=claim,
        verdict=Verdict(
            state=AttemptState.UNKNOWN,
            error_class=ErrorClass.UNCONFIRMED,
            error_code="unconfirmed",
        ),
        step=NextStep(state=EntryState.NEEDS_REVIEW),
    )


def record_surely(outcomes: Sequence[Outcome]) -> int:
    """Record, waiting for Postgres as long as this process lives; how many were written.

    An outcome that Postgres will not take is found by halving; it becomes unknown, so its
    neighbours are not held up and a person looks at it.
    """
    pause = 0.1
    while True:
        try:
            return record(outcomes)
        except (OperationalError, InterfaceError):
            logger.warning("answers wait for Postgres", extra={"count": len(outcomes)})
            connection.close()
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        except (IntegrityError, DataError):
            if len(outcomes) == 1:
                return _record_poison(outcomes[0])
            middle = len(outcomes) // 2
            return record_surely(outcomes[:middle]) + record_surely(outcomes[middle:])


def record(outcomes: Sequence[Outcome]) -> int:
    """Write outcomes in one transaction; how many were news.

    Each only where the protocol still allows it, so a repeated or late call changes nothing
    that is settled. Locks conversations, then lanes, and the organisation's counter last.
    """
    with transaction.atomic():
        timeline.lock({o.claim.conversation_id for o in outcomes if o.step.state in MESSAGE_STATUS})
        lanes.lock([outcome.claim.conversation_id for outcome in outcomes])
        written = _write_attempts([o for o in outcomes if o.claim.attempt_pk is not None])
        news = [o for o in outcomes if o.claim.attempt_pk is None or o.claim.attempt_pk in written]
        moved = _write_entries(news)
        lanes.advance(
            [outcome.claim.conversation_id for outcome in outcomes],
            [outcome.claim.token for outcome in outcomes],
        )
        news = [outcome for outcome in news if outcome.claim.entry_id in moved]
        results = [_result(outcome) for outcome in news if outcome.step.state in MESSAGE_STATUS]
        if results:
            outgoing.record_results(results)
    for outcome in news:
        _count(outcome)
    return len(news)


def _record_poison(outcome: Outcome) -> int:
    logger.error("answer does not fit", extra={"attempt_id": str(outcome.claim.attempt_id)})
    return record(
        [
            Outcome(
                claim=outcome.claim,
                verdict=Verdict(
                    state=AttemptState.UNKNOWN,
                    error_class=ErrorClass.UNCONFIRMED,
                    error_code="id_reused",
                ),
                step=NextStep(state=EntryState.CONFIRMING),
                slug=outcome.slug,
            )
        ]
    )


def _policy() -> Policy:
    return Policy(
        delays=settings.SEND_RETRY_DELAYS,
        max_attempts=settings.SEND_MAX_ATTEMPTS,
        retry_codes=frozenset(settings.RETRY_CODES),
    )


def _result(outcome: Outcome) -> outgoing.SendResult:
    return outgoing.SendResult(
        message_id=outcome.claim.message_id,
        status=MESSAGE_STATUS[outcome.step.state],
        provider_id=outcome.answer.provider_id,
        error_code=outcome.verdict.error_code,
        error_title=outcome.verdict.error_title,
    )


def _count(outcome: Outcome) -> None:
    if outcome.step.state is EntryState.ACCEPTED:
        metrics.sent_total.inc()
        waited = timezone.now() - outcome.claim.ready_at
        metrics.send_seconds.observe(waited.total_seconds())
        return
    if outcome.step.state is EntryState.FAILED:
        metrics.failed_total.labels(outcome.slug, outcome.verdict.error_code).inc()
    if outcome.step.state is EntryState.CONFIRMING:
        metrics.unknown_total.labels(outcome.slug).inc()
    logger.info(
        "message not accepted",
        extra={
            "message_id": outcome.claim.message_id,
            "attempt_id": str(outcome.claim.attempt_id),
            "entry_state": outcome.step.state.value,
            "code": outcome.verdict.error_code,
        },
    )


def _write_attempts(outcomes: Sequence[Outcome]) -> set[int]:
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
    return {attempt_pk for (attempt_pk,) in rows}


def _write_entries(outcomes: Sequence[Outcome]) -> set[int]:
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
RETURNING attempt.id
"""

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
RETURNING entry.id
"""
