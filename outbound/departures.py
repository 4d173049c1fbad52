"""Making claimed entries ready to go: what may leave, and its request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from messaging.providers.outgoing import Outgoing
from outbound.claims import Claim
from outbound.gates import refusals
from outbound.gates.refusal import Refusal
from outbound.places import Place, Sender, places_of

SIGNATURE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A claim ready to go: its request, or in `refusal` why it must not leave now."""

    claim: Claim
    sender: Sender
    external_id: str
    body: dict[str, Any] = field(default_factory=dict)  # the provider's own request
    refusal: Refusal | None = None


def prepare(claims: Sequence[Claim]) -> list[Departure]:
    """Check and encode claimed entries. Without side effects, so it may be repeated freely."""
    places = places_of(claims)
    stopped = refusals(places)
    return [_depart(place, stopped.get(place.claim.entry_id)) for place in places]


def callback_data(attempt_id: UUID | None) -> str:
    """What travels with a message and returns in its statuses: the attempt, signed by us, since
    another program may send through the same account.
    """
    signature = salted_hmac("outbound.attempt", str(attempt_id), algorithm="sha256").digest()
    return f"v1.{attempt_id}.{signature[:SIGNATURE_BYTES].hex()}"


def _depart(place: Place, refusal: Refusal | None) -> Departure:
    return Departure(
        claim=place.claim,
        sender=place.sender,
        external_id=place.external_id,
        body=_body(place) if refusal is None else {},
        refusal=refusal,
    )


def _body(place: Place) -> dict[str, Any]:
    if place.sender.sending is None or place.recipient is None:
        return {}
    return place.sender.sending.encode(
        Outgoing(
            kind=place.kind,
            text=place.text,
            content=place.content,
            recipient=place.recipient,
            quoted=place.quoted or place.quoted_now or "",
            opaque=callback_data(place.claim.attempt_id),
        )
    )
