"""Files that a provider must have before their messages can leave: who uploads which, and when.

A row waits, is claimed by a token and a time, and ends ready or failed; either wakes its
message. Uploading is safe to repeat, so none of this needs a fence.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import transaction

from messaging import hints
from messaging.models import Media
from messaging.providers import PROVIDERS
from messaging.providers.sending import Account, Sending
from messaging.sql import execute
from outbound import lanes
from outbound.models import OutboxEntry, ProviderFile
from outbound.places import account_of

UPLOAD = "outbound.tasks.upload_due_files"
DISPATCH = "outbound.tasks.dispatch_due_entries"
CLAIM_SECONDS = 30.0
# Ids live 30 days; one that is about to end is not relied on.
LIFETIME_SECONDS = 30 * 24 * 3600
SPARE_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One try to upload one file; `attempt` counts from 1, the process that died included.

    `account` is None while no key of ours opens the connection's secrets.
    """

    file_id: int
    token: uuid.UUID
    attempt: int
    media: Media
    sending: Sending
    account: Account | None
    address: str
    slug: str


def ask_for(message_ids: Collection[int]) -> int:
    """See to it that the files of these messages get to their providers; how many have to.

    Repeating it changes nothing: what is there, under way or given up stays as it is. Commits
    with the caller.
    """
    if not message_ids:
        return 0
    rows = execute(
        ASK,
        {"messages": list(message_ids), "kinds": _uploading_kinds(), "spare": SPARE_SECONDS},
    )
    if rows:
        transaction.on_commit(partial(hints.send_hint, UPLOAD, queue="background"), robust=True)
    return len(rows)


def renew_expired(message_ids: Collection[int]) -> None:
    """The provider does not know its own id: have the file uploaded again, once for ever."""
    if message_ids and execute(RENEW_EXPIRED, {"messages": list(message_ids)}):
        transaction.on_commit(partial(hints.send_hint, UPLOAD, queue="background"), robust=True)


def forget(message_ids: Collection[int]) -> None:
    """What was given up is told to the message; whoever sends it again begins anew."""
    if message_ids:
        execute(FORGET, {"messages": list(message_ids)})


def forget_copies(message_ids: Collection[int]) -> None:
    """The provider has these files and could not use them; in the transaction that fails their
    messages.
    """
    if message_ids:
        execute(FORGET_COPIES, {"messages": list(message_ids)})


def claim(*, limit: int, grace_seconds: float = 0.0) -> list[Claim]:
    """Take up to `limit` files that are due, each for CLAIM_SECONDS.

    One that was never tried counts as due `grace_seconds` later: somebody was told of it.
    """
    rows = execute(CLAIM, {"seconds": CLAIM_SECONDS, "limit": limit, "grace": grace_seconds})
    tokens = dict(rows)
    found = ProviderFile.objects.filter(pk__in=tokens).order_by("pk")
    return [
        each
        for file in found.select_related("channel__connection", "media")
        if (each := _claim_of(file, tokens[file.pk]))
    ]


def count_due(*, grace_seconds: float) -> int:
    """How many files nobody is uploading, though they are due."""
    return int(execute(COUNT_DUE, {"grace": grace_seconds})[0][0])


def renew(claims: Collection[Claim]) -> None:
    """Keep files for another CLAIM_SECONDS."""
    execute(RENEW, {"tokens": [each.token for each in claims], "seconds": CLAIM_SECONDS})


def record_ready(held: Claim, provider_id: str) -> bool:
    """The provider has it. False where the claim was lost: then its id is forgotten, unharmful."""
    return _end(held, READY, {"provider_id": provider_id, "lifetime": LIFETIME_SECONDS})


def record_failed(held: Claim, *, code: str, title: str = "") -> bool:
    """It is given up, and its message is told."""
    return _end(held, FAIL, {"code": code, "title": title[:500]})


def put_off(held: Claim, *, seconds: float, is_spent: bool = True) -> None:
    """Try again later; with `is_spent` off the try counts for nothing."""
    execute(
        PUT_OFF,
        {
            "file": held.file_id,
            "token": held.token,
            "seconds": seconds,
            "spent": 0 if is_spent else 1,
        },
    )


def wake(media_ids: Sequence[int]) -> None:
    """Let the messages of these files be tried now; in the caller's transaction."""
    messages = Media.objects.filter(pk__in=media_ids).values("message")
    entries = OutboxEntry.objects.filter(message__in=messages, finished_at__isnull=True)
    lanes.lock(list(entries.values_list("conversation_id", flat=True)))
    if execute(WAKE, {"media": list(media_ids)}):
        transaction.on_commit(partial(hints.send_hint, DISPATCH, queue="send"), robust=True)


def _end(held: Claim, statement: str, values: dict[str, object]) -> bool:
    with transaction.atomic():
        rows = execute(statement, {"file": held.file_id, "token": held.token, **values})
        if rows:
            wake([held.media.pk])
    return bool(rows)


def _claim_of(file: ProviderFile, token: uuid.UUID) -> Claim | None:
    connection = file.channel.connection
    sending = PROVIDERS[connection.kind].sending
    if sending is None or sending.upload is None:
        return None
    return Claim(
        file_id=file.pk,
        token=token,
        attempt=file.attempts,
        media=file.media,
        sending=sending,
        account=account_of(connection),
        address=file.channel.external_id,
        slug=connection.slug,
    )


def _uploading_kinds() -> list[str]:
    return [
        kind
        for kind, provider in PROVIDERS.items()
        if provider.sending and provider.sending.capabilities.uploads
    ]


def most_attempts() -> int:
    """After so many tries a file is given up."""
    return max(settings.SEND_MAX_ATTEMPTS, 1)


ASK = """
INSERT INTO outbound_providerfile AS file (channel_id, media_id, provider_id)
SELECT message.channel_id, media.id, ''
FROM messaging_media AS media
JOIN messaging_message AS message ON message.id = media.message_id
JOIN messaging_channel AS channel ON channel.id = message.channel_id
JOIN messaging_connection AS connection ON connection.id = channel.connection_id
WHERE message.id = ANY(%(messages)s::bigint[]) AND message.direction = 'out'
  AND media.state = 'stored' AND connection.kind = ANY(%(kinds)s::text[])
ORDER BY media.id
ON CONFLICT (channel_id, media_id) DO UPDATE SET
  state = 'waiting', attempts = 0, due_at = statement_timestamp(), claim_token = NULL
WHERE file.state = 'ready'
  AND file.expires_at < statement_timestamp() + make_interval(secs => %(spare)s)
RETURNING file.id
"""

RENEW_EXPIRED = """
UPDATE outbound_providerfile AS file SET
  state = 'waiting', attempts = 0, due_at = statement_timestamp(), claim_token = NULL,
  was_renewed = true
FROM messaging_media AS media
WHERE media.id = file.media_id AND media.message_id = ANY(%(messages)s::bigint[])
  AND file.state = 'ready' AND NOT file.was_renewed
RETURNING file.id
"""

FORGET = """
DELETE FROM outbound_providerfile AS file USING messaging_media AS media
WHERE media.id = file.media_id AND media.message_id = ANY(%(messages)s::bigint[])
  AND (file.state = 'failed' OR (file.state = 'ready' AND file.was_renewed))
"""

FORGET_COPIES = """
DELETE FROM outbound_providerfile AS file USING messaging_media AS media
WHERE media.id = file.media_id AND media.message_id = ANY(%(messages)s::bigint[])
  AND file.state = 'ready'
"""

# A claim moves `due_at`, so what a killed process had is found by the same condition.
DUE = """
  state = 'waiting' AND due_at <= statement_timestamp()
    - make_interval(secs => CASE attempts WHEN 0 THEN %(grace)s::float8 ELSE 0 END)
"""

COUNT_DUE = f"SELECT count(*) FROM outbound_providerfile WHERE {DUE}"  # noqa: S608 - our own words

CLAIM = f"""
UPDATE outbound_providerfile AS file SET
  claim_token = gen_random_uuid(), attempts = file.attempts + 1,
  due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
FROM (
  SELECT id FROM outbound_providerfile WHERE {DUE}
  ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due
WHERE file.id = due.id
RETURNING file.id, file.claim_token
"""  # noqa: S608 - put together from constants

RENEW = """
UPDATE outbound_providerfile SET
  due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
WHERE claim_token = ANY(%(tokens)s::uuid[]) AND state = 'waiting'
"""

READY = """
UPDATE outbound_providerfile SET
  state = 'ready', provider_id = %(provider_id)s, claim_token = NULL,
  expires_at = statement_timestamp() + make_interval(secs => %(lifetime)s),
  error_code = '', error_title = ''
WHERE id = %(file)s AND claim_token = %(token)s AND state = 'waiting'
RETURNING id
"""

FAIL = """
UPDATE outbound_providerfile SET
  state = 'failed', error_code = %(code)s, error_title = %(title)s, claim_token = NULL
WHERE id = %(file)s AND claim_token = %(token)s AND state = 'waiting'
RETURNING id
"""

PUT_OFF = """
UPDATE outbound_providerfile SET
  due_at = statement_timestamp() + make_interval(secs => %(seconds)s),
  attempts = GREATEST(attempts - %(spent)s, 0), claim_token = NULL
WHERE id = %(file)s AND claim_token = %(token)s AND state = 'waiting'
"""

# The lanes are locked. One that somebody has claimed is left to its owner, who finds the entry
# due when it gives the lane back.
WAKE = """
WITH woken AS (
  UPDATE outbound_outboxentry AS entry SET due_at = statement_timestamp()
  FROM messaging_media AS media
  WHERE media.id = ANY(%(media)s::bigint[]) AND entry.message_id = media.message_id
    AND entry.finished_at IS NULL AND entry.state IN ('waiting', 'throttled')
    AND entry.due_at > statement_timestamp() AND entry.ready_at <= statement_timestamp()
  RETURNING entry.conversation_id
)
UPDATE outbound_lane AS lane SET due_at = LEAST(lane.due_at, statement_timestamp())
FROM woken
WHERE lane.conversation_id = woken.conversation_id
  AND (lane.claimed_until IS NULL OR lane.claimed_until <= statement_timestamp())
RETURNING lane.conversation_id
"""
