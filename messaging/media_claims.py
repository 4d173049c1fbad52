"""Taking files that are due, and writing what became of them.

A claim is a token and a time: whoever fetches renews it, a killed process does not, and what it
had is due again. What became of a file is written only by whoever still has its claim.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from messaging import timeline
from messaging.events import DeadLettersAdded, announce
from messaging.media_failures import NotFetched
from messaging.models import (
    Connection,
    Conversation,
    DeadLetter,
    DeadLetterState,
    Media,
    MediaState,
    Message,
)
from messaging.providers.files import FileReference
from messaging.secrets import SecretsUnreadable
from messaging.sql import as_json, execute

CLAIM_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One try to fetch one file. `attempt` counts from 1; `reference` is None where the
    connection's secrets cannot be read.
    """

    media_id: int
    token: uuid.UUID
    attempt: int
    organization_id: int
    message_id: int
    conversation_id: int
    channel_id: int
    kind: str
    mime_type: str
    declared_sha256: str
    declared_size_bytes: int | None
    provider: str
    reference: FileReference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file that has its place."""

    file: str
    mime_type: str
    sha256: str
    size_bytes: int
    thumbnail: str = ""
    width: int | None = None
    height: int | None = None


def claim(*, limit: int, grace_seconds: float = 0.0) -> list[Claim]:
    """Take up to `limit` files that are due, each for CLAIM_SECONDS.

    One that was never tried counts as due `grace_seconds` later: somebody was told of it.
    """
    rows = execute(CLAIM, {"seconds": CLAIM_SECONDS, "grace": grace_seconds, "limit": limit})
    tokens = dict(rows)
    found = Media.objects.filter(pk__in=tokens).select_related("message__channel__connection")
    return [_claim_of(media, tokens[media.pk]) for media in found.order_by("pk")]


def count_due(*, grace_seconds: float) -> int:
    """How many files nobody is fetching, though they are due."""
    rows = execute(f"SELECT count(*) FROM messaging_media WHERE {DUE}", {"grace": grace_seconds})  # noqa: S608 - our own words
    return int(rows[0][0])


def renew(claims: Collection[Claim]) -> None:
    """Keep files for another CLAIM_SECONDS."""
    execute(RENEW, {"tokens": [each.token for each in claims], "seconds": CLAIM_SECONDS})


def record_stored(claim: Claim, stored: Stored) -> bool:
    """The file is here. False where the claim was lost: then its bytes belong to nobody."""
    with transaction.atomic():
        conversations = timeline.lock({claim.conversation_id})
        changes: dict[str, Any] = {
            "state": MediaState.STORED,
            "file": stored.file,
            "thumbnail": stored.thumbnail,
            "stored_mime_type": stored.mime_type,
            "sha256": stored.sha256,
            "size_bytes": stored.size_bytes,
            "width": stored.width,
            "height": stored.height,
            "stored_at": Now(),
            "error_code": "",
            "error_title": "",
        }
        if not _write(claim, changes):
            return False
        DeadLetter.objects.filter(
            media=claim.media_id, state__in=[DeadLetterState.FAILED, DeadLetterState.RETRYING]
        ).update(state=DeadLetterState.RESOLVED, due_at=None, closed_at=Now())
        _tell([claim.message_id], conversations)
    return True


def record_failed(claim: Claim, failure: NotFetched) -> bool:
    """The try failed: again later, or given up and told. False where the claim was lost."""
    changes = {"error_code": failure.code, "error_title": failure.sentence}
    if not failure.is_final and claim.attempt < settings.PROCESSING_MAX_ATTEMPTS:
        due_at = Now() + timedelta(seconds=_delay(claim.attempt))
        return _write(claim, changes | {"state": MediaState.WAITING, "due_at": due_at})
    with transaction.atomic():
        conversations = timeline.lock({claim.conversation_id})
        if not _write(claim, changes | {"state": MediaState.FAILED}):
            return False
        rows = execute(BURY, [as_json([_letter(claim, failure)])])
        announce(
            DeadLettersAdded(organization_id=claim.organization_id, dead_letter_ids=tuple(rows[0]))
        )
        _tell([claim.message_id], conversations)
    return True


def put_back(media_ids: Collection[int]) -> int:
    """Make files that were given up due again, with all their tries; how many."""
    with transaction.atomic():
        rows = Media.objects.filter(pk__in=media_ids, state=MediaState.FAILED)
        conversations = timeline.lock(set(rows.values_list("message__conversation_id", flat=True)))
        found = execute(PUT_BACK, [list(media_ids)])
        if not found:
            return 0
        DeadLetter.objects.filter(media__in=[media_id for media_id, _ in found]).exclude(
            state=DeadLetterState.DISCARDED
        ).update(state=DeadLetterState.RETRYING, due_at=None)
        _tell([message_id for _, message_id in found], conversations)
    return len(found)


def _claim_of(media: Media, token: uuid.UUID) -> Claim:
    message = media.message
    connection = message.channel.connection
    return Claim(
        media_id=media.pk,
        token=token,
        attempt=media.attempts,
        organization_id=media.organization_id,
        message_id=message.pk,
        conversation_id=message.conversation_id,
        channel_id=message.channel_id,
        kind=media.kind,
        mime_type=media.mime_type,
        declared_sha256=media.declared_sha256,
        declared_size_bytes=media.declared_size_bytes,
        provider=connection.kind,
        reference=_reference(media, connection, message.channel.external_id),
    )


def _reference(media: Media, connection: Connection, external_id: str) -> FileReference | None:
    try:
        secrets = connection.secrets
    except SecretsUnreadable:
        return None
    is_cloud = connection.kind == "cloud"
    base_url = connection.base_url or (settings.GRAPH_API_URL if is_cloud else "")
    return FileReference(
        provider_id=media.provider_id,
        url=media.url,
        base_url=base_url.rstrip("/"),
        api_version=connection.api_version or settings.GRAPH_API_VERSION,
        account_id=connection.account_id,
        channel=external_id,
        secrets=secrets,
    )


def _write(claim: Claim, changes: Mapping[str, Any]) -> bool:
    """Write if the claim still holds, by the database's clock, and end it."""
    rows = Media.objects.filter(pk=claim.media_id, claim_token=claim.token, claimed_until__gt=Now())
    return bool(rows.update(**changes, claim_token=None, claimed_until=None))


def _tell(message_ids: Sequence[int], conversations: dict[int, Conversation]) -> None:
    """Give messages the next numbers of their locked conversations."""
    for message in Message.objects.filter(pk__in=message_ids).order_by("pk"):
        message.changed_seq = timeline.take_number(conversations[message.conversation_id])
        message.save(update_fields=["changed_seq"])
    timeline.publish(conversations.values())


def _delay(attempt: int) -> float:
    delays = settings.PROCESSING_RETRY_DELAYS or [0.0]
    return delays[min(attempt, len(delays)) - 1]


def _letter(claim: Claim, failure: NotFetched) -> dict[str, Any]:
    """The payload names the file, and neither its address nor any secret."""
    return {
        "organization": claim.organization_id,
        "channel": claim.channel_id,
        "media": claim.media_id,
        "code": failure.code,
        "reason": failure.sentence,
        "stack": failure.stack,
        "attempts": claim.attempt,
        "payload": {
            "media": claim.media_id,
            "message": claim.message_id,
            "kind": claim.kind,
            "mime_type": claim.mime_type,
            "provider_id": claim.reference.provider_id if claim.reference else "",
        },
    }


DUE = """
state IN ('waiting', 'fetching')
AND due_at + CASE attempts WHEN 0 THEN make_interval(secs => %(grace)s) ELSE '0' END <= now()
"""
# A claimed file is due again when its claim ends, so that one condition finds both.
# The list of ids is made once: as a plain subquery it might be asked again for every row.
CLAIM = f"""
WITH due AS MATERIALIZED (
  SELECT id FROM messaging_media WHERE {DUE}
  ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE messaging_media AS media SET state = 'fetching', claim_token = gen_random_uuid(),
  claimed_until = now() + make_interval(secs => %(seconds)s),
  due_at = now() + make_interval(secs => %(seconds)s),
  attempts = attempts + 1
FROM due WHERE media.id = due.id
RETURNING media.id, claim_token
"""  # noqa: S608 - our own words
RENEW = """
UPDATE messaging_media SET claimed_until = now() + make_interval(secs => %(seconds)s),
  due_at = now() + make_interval(secs => %(seconds)s)
WHERE claim_token = ANY(%(tokens)s) AND claimed_until > now()
"""
BURY = """
INSERT INTO messaging_deadletter AS letter (organization_id, source, channel_id, media_id, code,
  reason, stack, payload, attempts, first_at, last_at, state)
SELECT row.organization, 'media', row.channel, row.media, row.code, row.reason, row.stack,
  row.payload, row.attempts, now(), now(), 'failed'
FROM jsonb_to_recordset(%s::jsonb) AS row(
  organization bigint, channel bigint, media bigint, code text, reason text, stack text,
  payload jsonb, attempts int
)
ON CONFLICT (media_id) WHERE media_id IS NOT NULL DO UPDATE SET
  code = excluded.code, reason = excluded.reason, stack = excluded.stack,
  attempts = letter.attempts + excluded.attempts, last_at = now(), state = 'failed',
  due_at = NULL, closed_at = NULL, closed_by_id = NULL
RETURNING id
"""
PUT_BACK = """
UPDATE messaging_media SET state = 'waiting', attempts = 0, due_at = now(), error_code = '',
  error_title = '', claim_token = NULL, claimed_until = NULL
WHERE id = ANY(%s) AND state = 'failed'
RETURNING id, message_id
"""
