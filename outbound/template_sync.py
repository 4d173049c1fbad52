"""Fetching message templates from the provider, within its budget of calls.

Hourly, and sooner where news left a template stale or a person asked. One process at a time
fetches a connection's; the network is waited for outside of every transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from messaging.models import Connection
from messaging.providers.answers import Answer
from messaging.providers.cloud.template_decoding import ListedTemplate
from messaging.providers.cloud.templates import PAGE_SIZE, NotListed, list_templates
from messaging.sql import as_json, execute
from outbound import message_templates
from outbound.error_codes import THROTTLES, class_of
from outbound.models import TemplateSync
from outbound.places import account_of

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3600
CLAIM_SECONDS = 300
# Of the 200 calls an hour that a new account allows, we take half.
# Source: Graph API, "Rate limits › WhatsApp Business Management API".
SECONDS_A_CALL = 36
SHORTEST_REST_SECONDS = 30
FIRST_PAUSE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 3600


def ask(connection_id: int) -> TemplateSync:
    """Note that somebody wants a connection's templates fetched; the caller hints the task.

    What went wrong before no longer holds it back, unless the provider itself asked for rest.
    """
    codes = _throttle_codes()
    execute(ASK, {"connection": connection_id, "throttles": codes})
    return TemplateSync.objects.get(pk=connection_id)


def sync_due() -> int:
    """Fetch the templates of every connection whose turn it is; how many were fetched."""
    done = 0
    while claimed := execute(CLAIM, {"every": EVERY_SECONDS, "seconds": CLAIM_SECONDS}):
        [(connection_id, started_at)] = claimed
        done += _sync(Connection.objects.get(pk=connection_id), started_at)
    return done


def _sync(connection: Connection, started_at: datetime) -> bool:
    account = account_of(connection)
    if account is None or not account.secrets.access_token:
        _rest(connection.pk, started_at, answer=Answer(title="no_access_token"))
        return False
    try:
        listed = asyncio.run(list_templates(account))
    except NotListed as refusal:
        _rest(connection.pk, started_at, answer=refusal.answer)
        return False
    with transaction.atomic():
        message_templates.take_turn()
        _write(connection.pk, listed, started_at)
        _settle(connection.pk, started_at, count=len(listed))
    return True


def _write(connection_id: int, listed: Iterable[ListedTemplate], started_at: datetime) -> None:
    rows = list({each.provider_id: _row(each) for each in listed}.values())
    given = {"connection": connection_id, "rows": as_json(rows), "started": started_at}
    execute(WRITE, given)
    ids = [row["provider_id"] for row in rows]
    execute(GONE, {"connection": connection_id, "ids": ids, "started": started_at})


def _row(listed: ListedTemplate) -> dict[str, Any]:
    return {name: getattr(listed, name) for name in listed.__struct_fields__}


def _settle(connection_id: int, started_at: datetime, *, count: int) -> None:
    pages = 1 + count // PAGE_SIZE
    execute(
        SETTLE,
        {
            "connection": connection_id,
            "started": started_at,
            "rest": max(SHORTEST_REST_SECONDS, pages * SECONDS_A_CALL),
            "count": count,
        },
    )


def _rest(connection_id: int, started_at: datetime, *, answer: Answer) -> None:
    """Try again later; told to slow down, not before the provider said."""
    code = str(answer.code or answer.failure or answer.title)
    logger.warning("templates not fetched", extra={"connection": connection_id, "code": code})
    execute(
        REST,
        {
            "connection": connection_id,
            "started": started_at,
            "first": FIRST_PAUSE_SECONDS,
            "longest": LONGEST_PAUSE_SECONDS,
            "wish": answer.retry_after_seconds or 0.0,
            "code": code[:20],
            "title": answer.title,
        },
    )


def _throttle_codes() -> list[str]:
    return [str(code) for code in (4, 80007, 80008) if class_of(code) in THROTTLES]


ASK = """
INSERT INTO outbound_templatesync AS sync (connection_id, asked_at)
VALUES (%(connection)s, statement_timestamp())
ON CONFLICT (connection_id) DO UPDATE SET asked_at = statement_timestamp(),
  retry_at = CASE WHEN sync.failures > 0 AND NOT sync.error_code = ANY(%(throttles)s::text[])
    THEN LEAST(sync.retry_at, statement_timestamp()) ELSE sync.retry_at END
"""

# A connection that nobody asked about yet has no row; making one is claiming it.
CLAIM = """
INSERT INTO outbound_templatesync AS sync (connection_id, started_at, claimed_until)
SELECT connection.id, statement_timestamp(),
  statement_timestamp() + make_interval(secs => %(seconds)s)
FROM messaging_connection AS connection
LEFT JOIN outbound_templatesync AS known ON known.connection_id = connection.id
WHERE connection.kind = 'cloud' AND connection.is_active AND connection.account_id <> ''
  AND connection.sealed_secrets <> '' AND (
    known.connection_id IS NULL OR (
      known.retry_at <= statement_timestamp()
      AND coalesce(known.claimed_until, '-infinity') <= statement_timestamp()
      AND (
        coalesce(known.synced_at, '-infinity')
          <= statement_timestamp() - make_interval(secs => %(every)s)
        OR known.asked_at > coalesce(known.started_at, '-infinity')
        OR EXISTS (
          SELECT FROM outbound_messagetemplate AS template
          WHERE template.connection_id = connection.id AND template.is_stale
        )
      )
    )
  )
ORDER BY known.started_at NULLS FIRST LIMIT 1
ON CONFLICT (connection_id) DO UPDATE SET
  started_at = statement_timestamp(), claimed_until = excluded.claimed_until
WHERE coalesce(sync.claimed_until, '-infinity') <= statement_timestamp()
  AND sync.retry_at <= statement_timestamp()
RETURNING connection_id, started_at
"""

# News that came while we were asking are newer than what we heard: they stay, and the template
# is asked for again.
WRITE = """
INSERT INTO outbound_messagetemplate AS known (connection_id, provider_id, name, language,
  category, status, quality, reason, parameter_format, components, is_stale, updated_at, synced_at)
SELECT %(connection)s, row.provider_id, row.name, row.language, row.category, row.status,
  row.quality, row.reason, row.parameter_format, row.components, false, %(started)s, %(started)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS row(
  provider_id text, name text, language text, category text, status text, quality text,
  reason text, parameter_format text, components jsonb
)
ON CONFLICT (connection_id, provider_id) DO UPDATE SET
  name = excluded.name, language = excluded.language, category = excluded.category,
  status = excluded.status, quality = excluded.quality,
  reason = CASE WHEN excluded.reason <> '' OR known.status <> excluded.status
    THEN excluded.reason ELSE known.reason END,
  parameter_format = excluded.parameter_format, components = excluded.components,
  is_stale = false, synced_at = excluded.synced_at,
  status_changed_at = CASE WHEN known.status NOT IN ('', excluded.status)
    THEN excluded.synced_at ELSE known.status_changed_at END,
  former_category = CASE WHEN known.category NOT IN ('', excluded.category)
    THEN known.category ELSE known.former_category END,
  category_changed_at = CASE WHEN known.category NOT IN ('', excluded.category)
    THEN excluded.synced_at ELSE known.category_changed_at END,
  coming_category = CASE WHEN known.coming_category = excluded.category
    THEN '' ELSE known.coming_category END,
  updated_at = CASE WHEN (known.status, known.category, known.quality, known.components)
      IS DISTINCT FROM (excluded.status, excluded.category, excluded.quality, excluded.components)
    THEN excluded.synced_at ELSE known.updated_at END
WHERE known.updated_at <= %(started)s
"""

GONE = """
UPDATE outbound_messagetemplate SET status = 'DELETED', is_stale = false,
  updated_at = %(started)s, synced_at = %(started)s
WHERE connection_id = %(connection)s AND provider_id <> ALL(%(ids)s::text[])
  AND updated_at <= %(started)s AND (status <> 'DELETED' OR is_stale)
"""

SETTLE = """
UPDATE outbound_templatesync SET claimed_until = NULL, synced_at = started_at, failures = 0,
  template_count = %(count)s, error_code = '', error_title = '',
  retry_at = statement_timestamp() + make_interval(secs => %(rest)s)
WHERE connection_id = %(connection)s AND started_at = %(started)s
"""

REST = """
UPDATE outbound_templatesync SET claimed_until = NULL, failures = failures + 1,
  error_code = %(code)s, error_title = %(title)s,
  retry_at = statement_timestamp() + make_interval(secs => GREATEST(%(wish)s::float8,
    LEAST(%(first)s * power(2, LEAST(failures, 10)), %(longest)s)))
WHERE connection_id = %(connection)s AND started_at = %(started)s
"""
