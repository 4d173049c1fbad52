"""Reading receipts as proof of what became of attempts; the signature decides whose they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from messaging.sql import execute
from outbound import protocol
from outbound.departures import attempt_in, callback_data
from outbound.protocol import AttemptState

MOST_AT_ONCE = 500
# For so long after a send the provider may still tell us of it.
# Source: Cloud API, "Webhooks › retries": 7 days.
LATEST = "7 days"
LEFT = frozenset({"sent", "delivered", "read", "played"})
HEARD = LEFT | {"failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All that was heard of one attempt under one id of the provider's."""

    attempt_pk: int
    token: int
    entry_id: int
    message_id: int
    conversation_id: int
    channel_id: int
    provider_id: str
    has_left: bool
    error_code: str
    error_title: str

    @property
    def state(self) -> AttemptState:
        """What the attempt has come to."""
        return AttemptState.ACCEPTED if self.has_left else AttemptState.REJECTED

    @property
    def address(self) -> tuple[int, str]:
        """The id, where it counts."""
        return (self.channel_id, self.provider_id)


def told(receipt_ids: Collection[int]) -> list[Proof]:
    """What these receipts prove, as far as they are of no message yet."""
    return _proofs(execute(TOLD, [list(receipt_ids)]))


def missed() -> list[Proof]:
    """What parked receipts prove: of attempts of unknown outcome all, of others the newest."""
    doubtful = execute(DOUBTFUL, [sorted(protocol.DOUBTFUL_ATTEMPTS), MOST_AT_ONCE])
    opaque = [callback_data(attempt_id) for (attempt_id,) in doubtful]
    return _proofs(execute(MISSED, [opaque]))


def _proofs(rows: Sequence[tuple[Any, ...]]) -> list[Proof]:
    """One for each attempt and id: what arrived together is judged together."""
    heard: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    for row in rows:
        attempt_id, opaque, status, provider_id, attempt_pk = row[:5]
        if status in HEARD and attempt_in(opaque) == attempt_id:
            heard.setdefault((attempt_pk, provider_id), []).append(row)
    return [_proof(each) for each in heard.values()]


def _proof(rows: Sequence[tuple[Any, ...]]) -> Proof:
    failed = next((row for row in rows if row[2] == "failed"), None)
    _, _, _, provider_id, attempt_pk, token, entry_id, message_id, conversation_id, channel_id = (
        rows[0][:10]
    )
    return Proof(
        attempt_pk=attempt_pk,
        token=token,
        entry_id=entry_id,
        message_id=message_id,
        conversation_id=conversation_id,
        channel_id=channel_id,
        provider_id=provider_id,
        has_left=any(row[2] in LEFT for row in rows),
        error_code=failed[10] if failed else "",
        error_title=failed[11] if failed else "",
    )


DOUBTFUL = f"""
SELECT attempt_id FROM outbound_sendattempt
WHERE state = ANY(%s::text[]) AND dispatched_at > now() - interval '{LATEST}'
ORDER BY dispatched_at DESC LIMIT %s
"""  # noqa: S608 - put together from constants

# Named by the id alone; the signature is checked afterwards.
# Named by the id alone; the signature is checked afterwards.
NAMED = """
SELECT attempt.attempt_id, receipt.opaque, receipt.status, receipt.provider_id, attempt.id,
  attempt.token, entry.id, entry.message_id, entry.conversation_id, receipt.channel_id,
  receipt.error_code, receipt.error_title
FROM messaging_receipt AS receipt
JOIN outbound_sendattempt AS attempt
  ON attempt.channel_id = receipt.channel_id AND attempt.attempt_id = CASE
    WHEN receipt.opaque ~ '^v1[.][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[.]'
    THEN substr(receipt.opaque, 4, 36)::uuid END
JOIN outbound_outboxentry AS entry ON entry.id = attempt.entry_id
WHERE receipt.message_id IS NULL AND receipt.opaque <> ''
"""
TOLD = f"{NAMED} AND receipt.id = ANY(%s::bigint[]) ORDER BY receipt.id"
MISSED = f"""
{NAMED} AND (
  receipt.received_at > now() - interval '10 minutes' OR receipt.opaque = ANY(%s::text[])
)
ORDER BY receipt.id LIMIT {MOST_AT_ONCE}
"""
