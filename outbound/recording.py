"""Writing down what became of attempts, in batches; nothing here can lead to a second send."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    transaction,
)
from django.utils import timezone

from messaging import labels, outgoing
from messaging.failpoints import failpoint
from messaging.providers.answers import Answer
from outbound import dead_letters, deadlines, duplicates, feedback, lanes, metrics, protocol, steps
from outbound.claims import Claim
from outbound.departures import Departure
from outbound.error_codes import ErrorClass
from outbound.gates.refusal import Refusal
from outbound.protocol import AttemptState, EntryState
from outbound.retry import NextStep, Policy, Repeat, Verdict, classify, next_step
from outbound.words import OWN_CODES

logger = logging.getLogger(__name__)

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
    request: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """Why the entry ends, in our word or the provider's number."""
        return self.step.code or self.verdict.error_code


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
            seconds_left=deadlines.seconds_left(departure.deadline_at),
        ),
        answer=answer,
        request=departure.body,
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
        seconds_left=deadlines.seconds_left(departure.deadline_at),
    )
    return Outcome(claim=departure.claim, verdict=verdict, step=step)


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


def record_apart(outcomes: Sequence[Outcome], *, is_repeated: bool = False) -> int:
    """Record, finding by halving what Postgres will not take; how many were written.

    An echo may just have taken an outcome's id, so it is tried once more; then it becomes
    unknown, so its neighbours are not held up and a person looks at it.
    """
    try:
        return record(outcomes)
    except (IntegrityError, DataError):
        if len(outcomes) > 1:
            middle = len(outcomes) // 2
            return record_apart(outcomes[:middle]) + record_apart(outcomes[middle:])
        if is_repeated:
            return _record_poison(outcomes[0])
        return record_apart(outcomes, is_repeated=True)


def record(outcomes: Sequence[Outcome]) -> int:
    """Write outcomes in one transaction; how many were news.

    Each only where the protocol still allows it, so a repeated or late call changes nothing
    that is settled. Locks conversations, then lanes, and the organisation's counter last.
    """
    with transaction.atomic():
        telling = [outcome for outcome in outcomes if outcome.step.state in MESSAGE_STATUS]
        outgoing.lock(
            [o.claim.conversation_id for o in telling],
            [_address(o) for o in telling if o.answer.provider_id],
        )
        lanes.lock([outcome.claim.conversation_id for outcome in outcomes])
        were = steps.move_attempts([o for o in outcomes if o.claim.attempt_pk is not None])
        counting = _deciding([outcome for outcome in outcomes if _counts(outcome, were)])
        moved = steps.move_entries(counting)
        news = [outcome for outcome in counting if outcome.claim.entry_id in moved]
        overtaken = steps.close_intents([o.claim.entry_id for o in news if _is_late(o, were)])
        lanes.advance(
            [*(outcome.claim.conversation_id for outcome in outcomes), *overtaken],
            [*(outcome.claim.token for outcome in outcomes), *overtaken.values()],
        )
        feedback.uncount(outcomes, were)
        _keep_failures(news)
        results = _results(news, twice=_find_twice(_taken_again(outcomes, news)))
        if results:
            outgoing.record_results(results)
        failpoint("recording.written")
    failpoint("recording.recorded")
    for outcome in news:
        _count(outcome)
    feedback.tell(news)
    return len(news)


def _counts(outcome: Outcome, were: Mapping[int, str]) -> bool:
    """Whether the outcome is news of its entry; what somebody has answered for is only ever
    proved to have left.
    """
    if outcome.claim.attempt_pk is None:
        return True
    was = were.get(outcome.claim.attempt_pk)
    is_proof = outcome.verdict.state is AttemptState.ACCEPTED
    return was is not None and (is_proof or was not in protocol.ANSWERED_ATTEMPTS)


def _deciding(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One for each entry: of several that arrived together, that it left counts."""
    found: dict[int, Outcome] = {}
    for outcome in outcomes:
        if outcome.claim.entry_id not in found or outcome.verdict.state is AttemptState.ACCEPTED:
            found[outcome.claim.entry_id] = outcome
    return list(found.values())


def _is_late(outcome: Outcome, were: Mapping[int, str]) -> bool:
    """Whether another attempt may be on its way: none may leave after this."""
    attempt_pk = outcome.claim.attempt_pk
    return attempt_pk is not None and were[attempt_pk] in protocol.DOUBTFUL_ATTEMPTS


def _taken_again(outcomes: Sequence[Outcome], news: Sequence[Outcome]) -> dict[int, Outcome]:
    """Answers with an id for entries of which it was known already that they had left."""
    told, seen = {id(outcome) for outcome in news}, set[int]()
    again: dict[int, Outcome] = {}
    for outcome in outcomes:
        if outcome.answer.provider_id:
            if id(outcome) not in told or outcome.claim.entry_id in seen:
                again[outcome.claim.message_id] = outcome
            seen.add(outcome.claim.entry_id)
    return again


def _keep_failures(outcomes: Sequence[Outcome]) -> None:
    dead_letters.bury(
        [
            dead_letters.Failed(
                message_id=outcome.claim.message_id,
                code=outcome.code,
                title=outcome.verdict.error_title,
                request=outcome.request,
            )
            for outcome in outcomes
            if outcome.step.state is EntryState.FAILED
        ]
    )
    dead_letters.resolve(
        [o.claim.message_id for o in outcomes if o.step.state is EntryState.ACCEPTED]
    )


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
            )
        ]
    )


def _policy() -> Policy:
    return Policy(
        delays=settings.SEND_RETRY_DELAYS,
        max_attempts=settings.SEND_MAX_ATTEMPTS,
        retry_codes=frozenset(settings.RETRY_CODES),
    )


def _address(outcome: Outcome) -> tuple[int, str]:
    return (outcome.claim.channel_id, outcome.answer.provider_id)


def _find_twice(again: Mapping[int, Outcome]) -> dict[int, str]:
    marked = duplicates.mark(
        [(each.claim.entry_id, each.answer.provider_id) for each in again.values()]
    )
    return {message_id: again[message_id].answer.provider_id for message_id in marked}


def _results(news: Sequence[Outcome], *, twice: Mapping[int, str]) -> list[outgoing.SendResult]:
    found = {o.claim.message_id: _result(o) for o in news if o.step.state in MESSAGE_STATUS}
    for message_id, provider_id in twice.items():
        result = found.get(message_id) or outgoing.SendResult(message_id=message_id)
        found[message_id] = replace(result, heard_as=(provider_id,))
    return list(found.values())


def _result(outcome: Outcome) -> outgoing.SendResult:
    return outgoing.SendResult(
        message_id=outcome.claim.message_id,
        status=MESSAGE_STATUS[outcome.step.state],
        provider_id=outcome.answer.provider_id,
        error_code=outcome.code,
        error_title=outcome.verdict.error_title,
    )


def _label(outcome: Outcome) -> str:
    return labels.of_channel(outcome.claim.channel_id)


def _count(outcome: Outcome) -> None:
    if outcome.step.state is EntryState.ACCEPTED:
        metrics.sent_total.inc()
        waited = timezone.now() - outcome.claim.ready_at
        metrics.send_seconds.observe(waited.total_seconds())
        return
    if outcome.step.state is EntryState.FAILED:
        metrics.failed_total.labels(_label(outcome), outcome.code).inc()
    if outcome.step.state is EntryState.CONFIRMING:
        metrics.unknown_total.labels(_label(outcome)).inc()
    logger.info(
        "message not accepted",
        extra={
            "message_id": outcome.claim.message_id,
            "attempt_id": str(outcome.claim.attempt_id),
            "entry_state": outcome.step.state.value,
            "code": outcome.verdict.error_code,
        },
    )
