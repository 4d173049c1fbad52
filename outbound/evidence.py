"""What the provider says of attempts whose answer we never read, or have not read yet.

A status brings back the attempt's id, signed by us. It proves that the attempt left, or that it
was refused, whoever is still waiting for the answer: its late record then changes nothing. What
does not carry our signature is somebody else's, and is left alone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from django.db import DataError, IntegrityError, transaction

from messaging import outgoing
from messaging.drain import blame
from messaging.failpoints import failpoint
from messaging.sql import execute
from outbound import dead_letters, duplicates, lanes, metrics, proofs, protocol, steps
from outbound.proofs import Proof
from outbound.protocol import AttemptState, EntryState

logger = logging.getLogger(__name__)


def take(receipt_ids: Collection[int]) -> int:
    """Let these receipts prove what they can; how many attempts they spoke of."""
    return _settle(proofs.told(receipt_ids))


def sweep() -> int:
    """Take what hints have missed; how many attempts were spoken of.

    Of attempts of unknown outcome however late, of the others within ten minutes.
    """
    steps.close_forgotten()
    return _settle(proofs.missed())


def _settle(found: Sequence[Proof]) -> int:
    """What does not fit is found by halving and left; its neighbours are not held up."""
    if not found:
        return 0
    try:
        _write(found)
    except (IntegrityError, DataError) as error:
        if len(found) == 1:
            # Its text would quote rows.
            told = {"attempt": str(found[0].attempt_pk), **blame(error)}
            logger.error("evidence does not fit", extra=told)
            return 0
        middle = len(found) // 2
        return _settle(found[:middle]) + _settle(found[middle:])
    return len(found)


def _write(found: Sequence[Proof]) -> None:
    """In one transaction: locks conversations, lanes, and the organisation's counter last."""
    with transaction.atomic():
        outgoing.lock([p.conversation_id for p in found], [p.address for p in found])
        lanes.lock([proof.conversation_id for proof in found])
        were = _move_attempts(found)
        settled = _move_entries([p for p in found if _counts(p, were.get(p.attempt_pk))])
        _free(settled)
        _keep_failures(settled)
        duplicates.mark([_taken(p) for p in found if p.has_left and p not in settled])
        outgoing.record_results(_results(found, settled, were))
        failpoint("evidence.written")
    failpoint("evidence.settled")
    for proof in found:
        if proof.attempt_pk in were:
            _count(proof)


def _counts(proof: Proof, was: str | None) -> bool:
    """Whether the entry moves: by any proof that it left; by a refusal only where nobody has
    answered for the attempt.
    """
    return proof.has_left or (was is not None and was not in protocol.ANSWERED_ATTEMPTS)


def _move_attempts(found: Sequence[Proof]) -> dict[int, str]:
    """The states that those had which moved."""
    sources, targets = protocol.pairs(protocol.ATTEMPT_TRANSITIONS)
    rows = execute(
        ATTEMPTS,
        {
            "attempts": [proof.attempt_pk for proof in found],
            "states": [proof.state.value for proof in found],
            "codes": ["" if proof.has_left else proof.error_code for proof in found],
            "titles": ["" if proof.has_left else proof.error_title for proof in found],
            "provider_ids": [proof.provider_id for proof in found],
            "sources": sources,
            "targets": targets,
            "intent": AttemptState.INTENT.value,
        },
    )
    return dict(rows)


def _move_entries(found: Sequence[Proof]) -> list[Proof]:
    """The proofs that decided their entries; of several for one, that it left counts."""
    deciding: dict[int, Proof] = {}
    for proof in found:
        if proof.has_left or proof.entry_id not in deciding:
            deciding[proof.entry_id] = proof
    sources, targets = protocol.pairs(protocol.ENTRY_TRANSITIONS)
    rows = execute(
        ENTRIES,
        {
            "entries": list(deciding),
            "states": [_entry_state(proof).value for proof in deciding.values()],
            "sources": sources,
            "targets": targets,
        },
    )
    return [deciding[entry_id] for (entry_id,) in rows]


def _entry_state(proof: Proof) -> EntryState:
    return EntryState.ACCEPTED if proof.has_left else EntryState.FAILED


def _free(settled: Sequence[Proof]) -> None:
    """Let lanes go on at once; what was on its way to leave again does not."""
    overtaken = steps.close_intents([proof.entry_id for proof in settled])
    if settled:
        lanes.advance(
            [*(proof.conversation_id for proof in settled), *overtaken],
            [*(proof.token for proof in settled), *overtaken.values()],
        )


def _keep_failures(settled: Sequence[Proof]) -> None:
    dead_letters.resolve([proof.message_id for proof in settled if proof.has_left])
    dead_letters.bury(
        [
            dead_letters.Failed(
                message_id=proof.message_id, code=proof.error_code, title=proof.error_title
            )
            for proof in settled
            if not proof.has_left
        ]
    )


def _taken(proof: Proof) -> tuple[int, str]:
    return (proof.entry_id, proof.provider_id)


def _results(
    found: Sequence[Proof], settled: Sequence[Proof], were: Mapping[int, str]
) -> list[outgoing.SendResult]:
    """One for each message: its verdict, the id it goes by from now on, and all it is heard as.

    What was sent again does not go by the id of an attempt that was refused.
    """
    verdicts = {proof.message_id: proof for proof in settled}
    names: dict[int, str] = {}
    heard: dict[int, list[str]] = {}
    for proof in sorted(found, key=lambda each: not each.has_left):
        heard.setdefault(proof.message_id, []).append(proof.provider_id)
        was = were.get(proof.attempt_pk)
        if proof.has_left or was not in {None, AttemptState.RESENT}:
            names.setdefault(proof.message_id, proof.provider_id)
    return [
        _result(message_id, verdicts.get(message_id), names.get(message_id, ""), tuple(ids))
        for message_id, ids in heard.items()
    ]


def _result(
    message_id: int, verdict: Proof | None, name: str, heard_as: tuple[str, ...]
) -> outgoing.SendResult:
    refusal = verdict if verdict and not verdict.has_left else None
    return outgoing.SendResult(
        message_id=message_id,
        status=_entry_state(verdict).value if verdict else "",
        provider_id=verdict.provider_id if verdict else name,
        error_code=refusal.error_code if refusal else "",
        error_title=refusal.error_title if refusal else "",
        heard_as=heard_as,
    )


def _count(proof: Proof) -> None:
    metrics.confirmed_total.labels(proof.state.value).inc()
    if proof.has_left:
        metrics.sent_total.inc()
    logger.info(
        "outcome learned from a receipt",
        extra={"attempt": proof.attempt_pk, "outcome": proof.state.value},
    )


ATTEMPTS = """
UPDATE outbound_sendattempt AS attempt SET
  state = row.state, provider_id = row.provider_id, error_code = row.code,
  error_title = row.title, finished_at = statement_timestamp()
FROM unnest(
  %(attempts)s::bigint[], %(states)s::text[], %(codes)s::text[], %(titles)s::text[],
  %(provider_ids)s::text[]
) AS row(attempt_id, state, code, title, provider_id)
JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
  ON allowed.target = row.state
WHERE attempt.id = row.attempt_id AND attempt.state = allowed.source
  AND attempt.state <> %(intent)s
RETURNING attempt.id, allowed.source
"""

ENTRIES = """
UPDATE outbound_outboxentry AS entry SET
  state = row.state, due_at = statement_timestamp(), throttle_count = 0,
  finished_at = statement_timestamp()
FROM unnest(%(entries)s::bigint[], %(states)s::text[]) AS row(entry_id, state)
JOIN unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
  ON allowed.target = row.state
WHERE entry.id = row.entry_id AND entry.state = allowed.source
RETURNING entry.id
"""
