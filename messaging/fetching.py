"""One try to fetch one file: where it is now, its bytes, what they are, their place.

No database here, so no transaction can be open while the network is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from django.conf import settings

from messaging import media_files, sniffing, thumbnails
from messaging.checksums import sha256_hex
from messaging.failpoints import failpoint
from messaging.media_claims import Claim, Stored
from messaging.media_failures import NotFetched
from messaging.media_files import Incoming
from messaging.providers.cloud import media as cloud
from messaging.providers.files import Ask, FileAddress, FileReference
from messaging.providers.twilio import media as twilio
from messaging.providers.waha import media as waha
from messaging.transfers import Line, Received, largest_bytes

LOCATE: dict[str, Callable[[FileReference, Ask], Awaitable[FileAddress]]] = {
    "cloud": cloud.locate,
    "twilio": twilio.locate,
    "waha": waha.locate,
}


async def fetch(claim: Claim, line: Line) -> Stored:
    """Fetch, check and keep the file. Raises NotFetched; then nothing of it is left."""
    reference = _usable(claim)
    address = await LOCATE[claim.provider](reference, line.ask)
    failpoint("media.resolved")
    incoming = Incoming()
    try:
        received = await line.fetch(
            address,
            own_url=reference.base_url,
            largest=largest_bytes(claim.kind),
            into=incoming,
        )
        return await asyncio.to_thread(_keep, claim, address, incoming, received)
    finally:
        incoming.discard()


def _usable(claim: Claim) -> FileReference:
    if claim.attempt > max(settings.PROCESSING_MAX_ATTEMPTS, 1):
        raise NotFetched("abandoned")
    if (claim.declared_size_bytes or 0) > largest_bytes(claim.kind):
        raise NotFetched("too_large")
    if claim.reference is None:
        raise NotFetched("secrets_unreadable")
    return claim.reference


def _keep(claim: Claim, address: FileAddress, incoming: Incoming, received: Received) -> Stored:
    declared = sha256_hex(claim.declared_sha256) or sha256_hex(address.sha256)
    if declared and declared != received.sha256:
        raise NotFetched("wrong_checksum")
    if not declared and address.size_bytes and address.size_bytes != received.size_bytes:
        raise NotFetched("interrupted")  # a proxy that gave up may still end its answer properly
    mime_type = sniffing.sniff(received.head, kind=claim.kind, declared=claim.mime_type)
    if sniffing.is_disguised(mime_type, kind=claim.kind):
        raise NotFetched("wrong_type")
    incoming.finish()
    failpoint("media.written")
    small = thumbnails.draw(incoming.path) if mime_type.startswith("image/") else None
    name = media_files.new_name(
        organization_id=claim.organization_id,
        media_id=claim.media_id,
        extension=sniffing.extension(mime_type),
    )
    file = media_files.keep(incoming, name)
    failpoint("media.renamed")
    return Stored(
        file=file,
        mime_type=mime_type,
        sha256=received.sha256,
        size_bytes=received.size_bytes,
        thumbnail=media_files.keep_thumbnail(name, small),
        width=small.width if small else None,
        height=small.height if small else None,
    )
