"""The file of a message that is about to leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.utils import timezone

from messaging.models import Media, MediaState
from outbound.models import ProviderFile, ProviderFileState

# Kinds whose message may need a file; of others no message is looked at.
FILE_KINDS = frozenset({"image", "video", "audio", "voice", "document", "sticker", "template"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A stored file of ours; `state` and `provider_id` are of its copy at the provider.

    `provider_id` is "" unless the copy lives for another day.
    """

    media_id: int
    kind: str
    mime_type: str
    filename: str
    state: str = ""
    provider_id: str = ""
    error_code: str = ""
    was_renewed: bool = False
    name: str = ""  # in storage
    size_bytes: int = 0


def attachments_of(message_ids: Iterable[int]) -> dict[int, Attachment]:
    """The first stored file of each message that has one."""
    rows = Media.objects.filter(message_id__in=list(message_ids), state=MediaState.STORED)
    media = {each.message_id: each for each in rows.order_by("-position")}
    copies = ProviderFile.objects.filter(media__in=[each.pk for each in media.values()])
    by_media = {copy.media_id: copy for copy in copies}
    return {
        message_id: _attachment(each, by_media.get(each.pk)) for message_id, each in media.items()
    }


def content_of(file: Attachment) -> bytes:
    """The bytes of a stored file; of one that storage has lost none."""
    try:
        with default_storage.open(file.name, "rb") as stored:
            return bytes(stored.read())
    except OSError:
        return b""


def _attachment(media: Media, copy: ProviderFile | None) -> Attachment:
    return Attachment(
        media_id=media.pk,
        kind=media.kind,
        mime_type=media.stored_mime_type,
        filename=media.filename,
        name=media.file,
        size_bytes=media.size_bytes or 0,
        state=copy.state if copy else "",
        provider_id=copy.provider_id if copy and _lives(copy) else "",
        error_code=copy.error_code if copy else "",
        was_renewed=copy.was_renewed if copy else False,
    )


def _lives(copy: ProviderFile) -> bool:
    spare = timezone.now() + timedelta(days=1)
    is_ready = copy.state == ProviderFileState.READY
    return is_ready and copy.expires_at is not None and copy.expires_at > spare
