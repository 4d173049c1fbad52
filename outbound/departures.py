"""Making claimed entries ready to go: what may leave, and its request."""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare

from messaging.failpoints import failpoint
from messaging.providers.outgoing import Outgoing, OutgoingFile
from outbound import file_links
from outbound.attachments import Attachment, content_of
from outbound.claims import Claim
from outbound.gates import refusals
from outbound.gates.refusal import Refusal
from outbound.places import Place, Sender, places_of

logger = logging.getLogger(__name__)

SIGNATURE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A claim ready to go: its request, or in `refusal` why it must not leave now."""

    claim: Claim
    sender: Sender
    external_id: str
    body: dict[str, Any] = field(default_factory=dict)  # the provider's own request
    deadline_at: datetime | None = None
    file: Attachment | None = None
    refusal: Refusal | None = None
    begin_by: float = 0.0  # in monotonic time, from the fence on


def prepare(claims: Sequence[Claim]) -> list[Departure]:
    """Check and encode claimed entries. Without side effects, so it may be repeated freely."""
    places = places_of(claims)
    failpoint("departures.placed")
    stopped = refusals(places)
    ready = [_depart(place, stopped.get(place.claim.entry_id)) for place in places]
    failpoint("departures.ready")
    return ready


def callback_data(attempt_id: UUID | None) -> str:
    """What travels with a message and returns in its statuses: the attempt, signed by us, since
    another program may send through the same account.
    """
    signature = hmac.digest(_key(settings.SECRET_KEY), str(attempt_id).encode(), "sha256")
    return f"v1.{attempt_id}.{signature[:SIGNATURE_BYTES].hex()}"


@lru_cache(maxsize=2)
def _key(secret: str) -> bytes:
    """A key of its own for these signatures; the secret is never used itself."""
    return hashlib.sha256(f"outbound.attempt{secret}".encode()).digest()


def attempt_in(opaque: str) -> UUID | None:
    """The attempt that `callback_data` was made of; None where it is not ours."""
    try:
        attempt_id = UUID(opaque.split(".")[1])
    except (IndexError, ValueError):
        return None
    return attempt_id if constant_time_compare(opaque, callback_data(attempt_id)) else None


def _depart(place: Place, refusal: Refusal | None) -> Departure:
    body: dict[str, Any] = {}
    try:
        body = _body(place) if refusal is None else {}
    except Exception as error:  # the edge of one message: its neighbours leave, it is tried again
        told = {"message_id": place.claim.message_id, "error": type(error).__name__}
        logger.error("message not prepared", extra=told)
        refusal = Refusal(code="not_started", waits=True)
    return Departure(
        claim=place.claim,
        sender=place.sender,
        external_id=place.external_id,
        body=body,
        deadline_at=place.deadline_at,
        file=place.file,
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
            file=_file(place),
        )
    )


def _file(place: Place) -> OutgoingFile | None:
    """The message's file: by the provider's id, or where it fetches itself, by an address; in
    whole where there is no address, and it takes that.
    """
    if place.file is None or place.sender.sending is None:
        return None
    able = place.sender.sending.capabilities
    link = "" if able.uploads else file_links.link_to(place.file.media_id)
    return OutgoingFile(
        kind=place.file.kind,
        mime_type=place.file.mime_type,
        filename=place.file.filename,
        provider_id=place.file.provider_id,
        link=link,
        data=content_of(place.file) if able.takes_bytes and not link else b"",
    )
