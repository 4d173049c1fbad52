"""Making claimed entries ready to go: every check that can still stop one, and its request."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from messaging import windows
from messaging.models import Connection, Contact, ContactIdentity, IdentityKind, ProviderKind
from messaging.providers.cloud.encoding import RecipientKind, Text, encode
from messaging.secrets import SecretsUnreadable
from outbound.claims import Claim
from outbound.models import OutboxEntry

# What a row needs of its neighbours, read in one query.
FIELDS = {
    "kind": "message__kind",
    "text": "message__text",
    "quoted": "message__reply_to_provider_id",
    "quoted_now": "message__reply_to__provider_id",
    "contact_id": "conversation__contact_id",
    "window_expires_at": "conversation__window_expires_at",
    "phone_number_id": "channel__external_id",
    "is_active": "channel__is_active",
    "connection_id": "channel__connection_id",
}
# Ways to address a contact, the best first: where both are known a phone number always works.
ADDRESSES = (
    (IdentityKind.PHONE, RecipientKind.PHONE),
    (IdentityKind.BSUID, RecipientKind.BSUID),
    (IdentityKind.PARENT_BSUID, RecipientKind.BSUID),
)
SIGNATURE_BYTES = 8


logger = logging.getLogger(__name__)

# The one refusal that mends itself, once this process has the right keys.
SECRETS_UNREADABLE = "secrets_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A connection as sending needs it."""

    slug: str
    kind: str
    is_active: bool
    base_url: str
    api_version: str
    access_token: str | None  # None while no key of ours opens the connection's secrets

    def __repr__(self) -> str:
        return f"Sender({self.slug!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A claim ready to go: its request, or in `refusal` why it must not leave.

    `refusal` is one of `outbound.words.OWN_CODES`.
    """

    claim: Claim
    sender: Sender
    phone_number_id: str
    body: dict[str, Any]  # the provider's own JSON
    refusal: str = ""


def prepare(claims: Sequence[Claim]) -> list[Departure]:
    """Check and encode claimed entries. Without side effects, so it may be repeated freely."""
    entries = OutboxEntry.objects.filter(pk__in=[claim.entry_id for claim in claims])
    rows = {pk: row for pk, *row in entries.values_list("pk", *FIELDS.values())}
    places = {pk: _Place(**dict(zip(FIELDS, row, strict=True))) for pk, row in rows.items()}
    senders = _senders({place.connection_id for place in places.values()})
    identities = _identities({place.contact_id for place in places.values()})
    now = timezone.now()
    return [
        _depart(claim, place, senders[place.connection_id], identities, now)
        for claim in claims
        if (place := places.get(claim.entry_id))
    ]


def callback_data(attempt_id: UUID | None) -> str:
    """What travels with a message and returns in its statuses: the attempt, signed by us, since
    another program may send through the same account.
    """
    signature = salted_hmac("outbound.attempt", str(attempt_id), algorithm="sha256").digest()
    return f"v1.{attempt_id}.{signature[:SIGNATURE_BYTES].hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    kind: str
    text: str
    quoted: str
    quoted_now: str | None
    contact_id: int
    window_expires_at: datetime | None
    phone_number_id: str
    is_active: bool
    connection_id: int


# Values of identities by contact, scope and kind; the newest of each.
_Identities = dict[tuple[int, str, str], str]


def _depart(
    claim: Claim, place: _Place, sender: Sender, identities: _Identities, now: datetime
) -> Departure:
    address = _address(place, identities)
    refusal = _refusal(place, sender, now) or ("" if address else "no_recipient")
    body: dict[str, Any] = {}
    if address and not refusal:
        kind, recipient = address
        body = encode(
            Text(
                recipient_kind=kind,
                recipient=recipient,
                body=place.text,
                quoted=place.quoted or place.quoted_now or "",
                opaque=callback_data(claim.attempt_id),
            )
        )
    return Departure(
        claim=claim,
        sender=sender,
        phone_number_id=place.phone_number_id,
        body=body,
        refusal=refusal or _exhausted(claim),
    )


def _exhausted(claim: Claim) -> str:
    # Attempts that only ever died before the fence; the others are counted when recorded.
    return "claim_expired" if claim.tries.attempts >= settings.SEND_MAX_ATTEMPTS else ""


def _refusal(place: _Place, sender: Sender, now: datetime) -> str:
    """The first check that fails; the one that mends itself comes last."""
    checks = (
        ("provider_unsupported", sender.kind != ProviderKind.CLOUD),
        ("channel_inactive", not (place.is_active and sender.is_active)),
        ("kind_unsupported", place.kind != "text"),
        ("no_access_token", sender.access_token == ""),
        ("window_closed", not windows.is_open(place.window_expires_at, now=now)),
        (SECRETS_UNREADABLE, sender.access_token is None),
    )
    return next((code for code, fails in checks if fails), "")


def _address(place: _Place, identities: _Identities) -> tuple[RecipientKind, str] | None:
    for identity_kind, recipient_kind in ADDRESSES:
        is_phone = identity_kind is IdentityKind.PHONE
        scope = "" if is_phone else f"connection:{place.connection_id}"
        value = identities.get((place.contact_id, scope, identity_kind.value))
        if value:
            return recipient_kind, value
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
        contact_id__in=set(roots.values()),
        kind__in=[kind for kind, _ in ADDRESSES],
        retired_at__isnull=True,
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
            slug=connection.slug,
            kind=connection.kind,
            is_active=connection.is_active,
            base_url=connection.base_url or settings.GRAPH_API_URL,
            api_version=connection.api_version or settings.GRAPH_API_VERSION,
            access_token=_access_token(connection),
        )
        for connection in Connection.objects.filter(pk__in=connection_ids)
    }


def _access_token(connection: Connection) -> str | None:
    try:
        return connection.secrets.access_token
    except SecretsUnreadable:
        logger.error("secrets unreadable", extra={"connection": connection.pk})
        return None
