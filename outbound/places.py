"""Everything a claimed entry needs to know of its neighbours, read in a handful of queries."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from messaging.models import Connection, Contact, ContactIdentity, IdentityKind, ProviderKind
from messaging.providers import PROVIDERS
from messaging.providers.outgoing import Recipient
from messaging.providers.sending import Account, Sending
from messaging.secrets import SecretsUnreadable
from outbound.attachments import FILE_KINDS, Attachment, attachments_of
from outbound.claims import Claim
from outbound.models import OutboxEntry

logger = logging.getLogger(__name__)

FIELDS = {
    "organization_id": "organization_id",
    "message_class": "message_class",
    "deadline_at": "deadline_at",
    "waits_for": "waits_for",
    "conversation_id": "conversation_id",
    "channel_id": "channel_id",
    "kind": "message__kind",
    "text": "message__text",
    "content": "message__content",
    "quoted": "message__reply_to_provider_id",
    "quoted_now": "message__reply_to__provider_id",
    "contact_id": "conversation__contact_id",
    "blocked_at": "conversation__contact__blocked_at",
    "person_blocked_at": "conversation__contact__merged_into__blocked_at",
    "window_expires_at": "conversation__window_expires_at",
    "external_id": "channel__external_id",
    "is_active": "channel__is_active",
    "messaging_limit": "channel__messaging_limit",
    "connection_id": "channel__connection_id",
}
# Ids that belong to one connection; a phone number is the same everywhere.
GLOBAL_KINDS = frozenset({IdentityKind.PHONE.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A connection as sending needs it; `account` is None while no key of ours opens its
    secrets, `sending` while its provider cannot send.
    """

    pk: int
    kind: str
    is_active: bool
    account: Account | None
    sending: Sending | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One claim with its message, channel, conversation and contact."""

    claim: Claim
    sender: Sender
    recipient: Recipient | None
    organization_id: int
    message_class: str
    deadline_at: datetime | None
    conversation_id: int
    channel_id: int
    kind: str
    text: str
    content: Mapping[str, Any]
    quoted: str
    quoted_now: str | None
    contact_id: int
    window_expires_at: datetime | None
    external_id: str
    is_active: bool
    connection_id: int
    messaging_limit: str = ""
    waits_for: str = ""
    file: Attachment | None = None
    blocked_at: datetime | None = None
    person_blocked_at: datetime | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether the contact, or the person it is a part of, is blocked."""
        return self.blocked_at is not None or self.person_blocked_at is not None


def places_of(claims: Sequence[Claim]) -> list[Place]:
    """The places of claimed entries that still exist; in the order of the claims."""
    entries = OutboxEntry.objects.filter(pk__in=[claim.entry_id for claim in claims])
    rows = {
        pk: dict(zip(FIELDS, row, strict=True))
        for pk, *row in entries.values_list("pk", *FIELDS.values())
    }
    senders = _senders({row["connection_id"] for row in rows.values()})
    identities = _identities({row["contact_id"] for row in rows.values()})
    for entry_id, file in _files(claims, rows).items():
        rows[entry_id]["file"] = file
    return [
        _place(claim, rows[claim.entry_id], senders, identities)
        for claim in claims
        if claim.entry_id in rows
    ]


# Values of identities by contact, scope and kind; the newest of each.
_Identities = dict[tuple[int, str, str], str]


def _place(
    claim: Claim, row: dict[str, Any], senders: dict[int, Sender], identities: _Identities
) -> Place:
    sender = senders[row["connection_id"]]
    return Place(claim=claim, sender=sender, recipient=_recipient(row, sender, identities), **row)


def _files(claims: Sequence[Claim], rows: Mapping[int, Mapping[str, Any]]) -> dict[int, Attachment]:
    """By entry; only messages that may have a file are asked about."""
    entries = {
        claim.message_id: claim.entry_id
        for claim in claims
        if claim.entry_id in rows and rows[claim.entry_id]["kind"] in FILE_KINDS
    }
    found = attachments_of(entries) if entries else {}
    return {entries[message_id]: file for message_id, file in found.items()}


def _recipient(row: dict[str, Any], sender: Sender, identities: _Identities) -> Recipient | None:
    """The best way to address the contact, where its provider has one."""
    for kind in sender.sending.capabilities.addresses if sender.sending else ():
        scope = "" if kind in GLOBAL_KINDS else f"connection:{row['connection_id']}"
        value = identities.get((row["contact_id"], scope, kind))
        if value:
            return Recipient(kind=kind, value=value)
    return None


def _identities(contact_ids: Collection[int]) -> _Identities:
    """By contact, even one that became a part of another, who has its ids now; the newest win."""
    roots = {
        pk: merged_into or pk
        for pk, merged_into in Contact.objects.filter(pk__in=contact_ids).values_list(
            "pk", "merged_into"
        )
    }
    rows = ContactIdentity.objects.filter(
        contact_id__in=set(roots.values()), retired_at__isnull=True
    )
    found: dict[int, dict[tuple[str, str], str]] = defaultdict(dict)
    for root, scope, kind, value in rows.order_by("created_at", "pk").values_list(
        "contact_id", "scope", "kind", "value"
    ):
        found[root][scope, kind] = value
    return {
        (contact_id, scope, kind): value
        for contact_id, root in roots.items()
        for (scope, kind), value in found[root].items()
    }


def _senders(connection_ids: Collection[int]) -> dict[int, Sender]:
    return {
        connection.pk: Sender(
            pk=connection.pk,
            kind=connection.kind,
            is_active=connection.is_active,
            account=account_of(connection),
            sending=PROVIDERS[connection.kind].sending,
        )
        for connection in Connection.objects.filter(pk__in=connection_ids)
    }


def account_of(connection: Connection) -> Account | None:
    """What opens the provider's API; None while no key of ours opens the secrets."""
    is_cloud = connection.kind == ProviderKind.CLOUD
    try:
        return Account(
            base_url=connection.base_url or (settings.GRAPH_API_URL if is_cloud else ""),
            api_version=connection.api_version or (settings.GRAPH_API_VERSION if is_cloud else ""),
            account_id=connection.account_id,
            secrets=connection.secrets,
            status_url=_status_url(connection),
        )
    except SecretsUnreadable:
        logger.error("secrets unreadable", extra={"connection": connection.pk})
        return None


def _status_url(connection: Connection) -> str:
    if not settings.PUBLIC_URL:
        return ""
    base = settings.PUBLIC_URL.rstrip("/")
    return f"{base}/webhooks/{connection.kind}/{connection.slug}/"
