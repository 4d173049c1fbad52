"""Who did what, in a chain that shows when somebody has changed it afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from inbox.models import AuditEntry, AuditHead
from messaging.models import User
from messaging.sql import execute

SALT = "inbox.audit"


def record(
    organization_id: int,
    action: str,
    subject: str,
    *,
    by: User | None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Add one entry, in the caller's transaction; nobody in `by` is a command.

    Locks the organisation's chain: after conversations and lanes, before the organisation's
    counter. `action` is a verb with its object in snake case, `subject` is `<model>:<id>`.
    """
    execute(OPEN, [organization_id])
    head = AuditHead.objects.select_for_update().get(pk=organization_id)
    entry = AuditEntry(
        organization_id=organization_id,
        seq=head.seq + 1,
        actor=by,
        actor_number=by.pk if by else 0,
        action=action,
        subject=subject,
        details=dict(details or {}),
        at=timezone.now(),
    )
    entry.digest = digest_of(entry, after=head.digest)
    entry.save(force_insert=True)
    head.seq, head.digest = entry.seq, entry.digest
    head.save(update_fields=["seq", "digest"])
    return entry


def digest_of(entry: AuditEntry, *, after: str) -> str:
    """What `digest` must be, given the entry before it; in hex."""
    words = [
        after,
        entry.organization_id,
        entry.seq,
        entry.actor_number,
        entry.action,
        entry.subject,
        # Sorted, since the database keeps the keys of an object in an order of its own.
        json.dumps(entry.details, sort_keys=True),
        _instant(entry.at),
    ]
    return salted_hmac(SALT, "\x1f".join(map(str, words)), algorithm="sha256").hexdigest()


def first_broken(organization_id: int) -> int | None:
    """The first number at which the chain does not hold, or None where it does."""
    before, expected = "", 1
    entries = AuditEntry.objects.filter(organization=organization_id).order_by("seq")
    for entry in entries.iterator(chunk_size=1000):
        if entry.seq != expected or entry.digest != digest_of(entry, after=before):
            return expected
        before, expected = entry.digest, expected + 1
    head = AuditHead.objects.filter(pk=organization_id).first()
    is_whole = head is None or (head.seq, head.digest) == (expected - 1, before)
    return None if is_whole else expected


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


OPEN = """
INSERT INTO inbox_audithead (organization_id, seq, digest) VALUES (%s, 0, '')
ON CONFLICT DO NOTHING
"""
