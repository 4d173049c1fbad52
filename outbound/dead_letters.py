"""Messages that could not leave, as dead letters: written with the failure itself.

A message has one letter for life: failing again counts another attempt on it, being accepted
resolves it. A failure that the provider reports only later becomes one by `sweep_late`, which a
fact of messaging hastens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from messaging.events import DeadLettersAdded, announce
from messaging.sql import as_json, execute
from outbound import protocol, provider_files
from outbound.error_codes import ErrorClass, class_of
from outbound.pace import Pace
from outbound.protocol import By
from outbound.words import words_for

# Signed by us, so that nobody but the provider can give it back as evidence; and a file's bytes.
NOT_KEPT = frozenset({"biz_opaque_callback_data", "data"})
MOST_ATTEMPTS = 50
LATELY = 600
# Whatever was lost in between, somebody has looked by then.
A_DAY = 86_400
WHOLE_DAY = Pace(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A message that was given up, with the provider's own request where one was made."""

    message_id: int
    code: str
    title: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)


def bury(failures: Sequence[Failed]) -> None:
    """Keep failed messages for a person, in the transaction that fails them."""
    if not failures:
        return
    # The provider could not use what it has of a file: another try hands it over anew.
    provider_files.forget_copies([each.message_id for each in failures if _blames_file(each)])
    rows = [_row(failed) for failed in failures]
    letters: dict[int, list[int]] = defaultdict(list)
    for letter_id, organization_id in execute(BURY, {"rows": as_json(rows), "most": MOST_ATTEMPTS}):
        letters[organization_id].append(letter_id)
    for organization_id, ids in letters.items():
        announce(DeadLettersAdded(organization_id=organization_id, dead_letter_ids=tuple(ids)))


def resolve(message_ids: Collection[int]) -> None:
    """Close the letters of messages that were accepted after all."""
    if message_ids:
        execute(RESOLVE, [sorted(message_ids)])


def sweep_late() -> int:
    """Bury messages that the provider accepted and then reported as failed; how many.

    Looks at the last minutes, and once a minute at what may have been lost of a day.
    """
    seconds = A_DAY if WHOLE_DAY.is_time() else LATELY
    sources, targets = protocol.pairs(protocol.ENTRY_TRANSITIONS, by=By.NEWS)
    with transaction.atomic():
        rows = execute(FAIL_LATE, {"sources": sources, "targets": targets, "seconds": seconds})
        bury([Failed(message_id=pk, code=code, title=title) for pk, code, title in rows])
    return len(rows)


def sweep_settled() -> int:
    """Bring letters up to what people have decided about their messages elsewhere, and to what
    became of those that arrived after all; how many.
    """
    sources, targets = protocol.pairs(protocol.ENTRY_TRANSITIONS)
    with transaction.atomic():
        execute(OUTLIVED, {"sources": sources, "targets": targets})
        return len(execute(SETTLE))


def _blames_file(failed: Failed) -> bool:
    return failed.code.isdecimal() and class_of(int(failed.code)) is ErrorClass.MEDIA


def _row(failed: Failed) -> dict[str, Any]:
    words = words_for(failed.code, title=failed.title)
    request = {name: value for name, value in failed.request.items() if name not in NOT_KEPT}
    return {
        "message_id": failed.message_id,
        "code": failed.code,
        "reason": " ".join(filter(None, (words.sentence, failed.title))),
        "request": request or None,
    }


BURY = """
INSERT INTO messaging_deadletter AS letter (organization_id, source, message_id, channel_id,
  code, reason, stack, payload, attempts, first_at, last_at, state)
SELECT entry.organization_id, 'outbound', entry.message_id, entry.channel_id, row.code,
  row.reason, '',
  jsonb_build_object('kind', message.kind, 'message_class', entry.message_class,
    'conversation', message.conversation_id, 'message', message.id,
    'request', row.request, 'attempts', coalesce(tries.attempts, '[]'::jsonb)),
  GREATEST(tries.made, 1), statement_timestamp(), statement_timestamp(), 'failed'
FROM jsonb_to_recordset(%(rows)s::jsonb) AS row(
  message_id bigint, code text, reason text, request jsonb
)
JOIN outbound_outboxentry AS entry ON entry.message_id = row.message_id
JOIN messaging_message AS message ON message.id = row.message_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE latest.dispatched_at IS NOT NULL) AS made,
    jsonb_agg(jsonb_build_object('id', latest.attempt_id, 'outcome', latest.state,
      'started_at', to_char(latest.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      'http_status', latest.http_status,
      'error', CASE WHEN latest.error_code = '' THEN NULL ELSE jsonb_build_object(
        'code', latest.error_code, 'title', latest.error_title, 'details', latest.error_details
      ) END) ORDER BY latest.id) AS attempts
  FROM (
    SELECT * FROM outbound_sendattempt AS attempt WHERE attempt.entry_id = entry.id
    ORDER BY attempt.id DESC LIMIT %(most)s
  ) AS latest
) AS tries
ORDER BY row.message_id
ON CONFLICT (message_id, source) WHERE message_id IS NOT NULL DO UPDATE SET
  code = excluded.code, reason = excluded.reason,
  payload = excluded.payload || jsonb_build_object('request',
    CASE jsonb_typeof(excluded.payload -> 'request')
      WHEN 'null' THEN letter.payload -> 'request' ELSE excluded.payload -> 'request' END),
  attempts = GREATEST(excluded.attempts, letter.attempts + 1),
  last_at = excluded.last_at, state = 'failed',
  due_at = NULL, closed_at = NULL, closed_by_id = NULL, closed_reason = ''
RETURNING letter.id, letter.organization_id
"""

RESOLVE = """
UPDATE messaging_deadletter SET state = 'resolved', due_at = NULL, closed_at = now()
WHERE source = 'outbound' AND message_id = ANY(%s::bigint[]) AND state IN ('failed', 'retrying')
"""

FAIL_LATE = """
UPDATE outbound_outboxentry AS entry SET state = allowed.target
FROM messaging_receipt AS receipt, messaging_message AS message,
  unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
WHERE receipt.status = 'failed' AND receipt.received_at > now() - make_interval(secs => %(seconds)s)
  AND message.id = receipt.message_id AND message.status = 'failed'
  AND receipt.provider_id = message.provider_id
  AND entry.message_id = message.id AND entry.state = allowed.source
RETURNING message.id, message.error_code, message.error_title
"""

# A failure loses against news that the message was seen, which may come later.
OUTLIVED = """
UPDATE outbound_outboxentry AS entry SET state = allowed.target
FROM messaging_deadletter AS letter, messaging_message AS message,
  unnest(%(sources)s::text[], %(targets)s::text[]) AS allowed(source, target)
WHERE letter.source = 'outbound' AND letter.state IN ('failed', 'retrying')
  AND entry.message_id = letter.message_id AND message.id = letter.message_id
  AND entry.state = 'failed' AND message.status IN ('delivered', 'read', 'played')
  AND allowed.source = entry.state AND allowed.target = 'accepted'
"""

SETTLE = """
UPDATE messaging_deadletter AS letter SET
  state = CASE WHEN entry.finished_at IS NULL THEN 'retrying'
    WHEN entry.state = 'accepted' THEN 'resolved' ELSE 'discarded' END,
  due_at = NULL, closed_at = CASE WHEN entry.finished_at IS NOT NULL THEN now() END
FROM outbound_outboxentry AS entry, messaging_message AS message
WHERE letter.source = 'outbound' AND letter.state IN ('failed', 'retrying')
  AND entry.message_id = letter.message_id AND message.id = letter.message_id
  AND (entry.state = 'discarded' OR (entry.state = 'accepted' AND message.status <> 'failed')
    OR (entry.finished_at IS NULL AND letter.state = 'failed'))
RETURNING letter.id
"""
