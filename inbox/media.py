"""A message's files as the API and the screens show them.

`media_json(media)` is one entry of the contract's `media` list, `attachments(message)` is what a
bubble prints of each file (prefetch `media` on the messages: neither function asks for more),
and `can_retry(membership, media)` says whether the retry button belongs on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from messaging.checksums import sha256_hex
from messaging.media_failures import SENTENCES
from messaging.models import MediaState

# Types a browser only ever draws or plays. Everything else is handed over as a download.
SHAPES = {
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/gif": "image",
    "video/mp4": "video",
    "video/3gpp": "video",
    "video/webm": "video",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "audio/webm": "audio",
    "audio/mpeg": "audio",
    "audio/aac": "audio",
    "audio/amr": "audio",
    "audio/wav": "audio",
}

if TYPE_CHECKING:
    from messaging.models import Media, Membership, Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a bubble.

    `shape` is how it is drawn: `image`, `video`, `audio` or `file`; anything but `file` may be
    put into the page from `url`. `thumbnail_url` is "" where there is no small picture of it.
    `why` is a sentence, only where `state` is `failed`.
    """

    media: Media
    shape: str
    state: str
    url: str
    thumbnail_url: str
    filename: str
    size_bytes: int | None
    why: str
    retry_url: str


def media_json(media: Media) -> dict[str, Any]:
    """A file as the contract has it: the provider's word until it is stored, then our own."""
    is_stored = media.state == MediaState.STORED
    return {
        "id": media.pk,
        "provider_id": media.provider_id or None,
        "kind": media.kind,
        "mime_type": media.stored_mime_type if is_stored else media.mime_type,
        "filename": media.filename,
        "size_bytes": media.size_bytes if is_stored else media.declared_size_bytes,
        "sha256": media.sha256 or sha256_hex(media.declared_sha256),
        "state": media.state,
        "url": _url(media),
    }


def attachments(message: Message) -> list[Attachment]:
    """The files of a message in their order, ready to print."""
    return [attachment(media) for media in sorted(message.media.all(), key=lambda m: m.position)]


def attachment(media: Media) -> Attachment:
    """One file, ready to print."""
    is_stored = media.state == MediaState.STORED
    return Attachment(
        media=media,
        shape=SHAPES.get(media.stored_mime_type, "file") if is_stored else "file",
        state=media.state,
        url=_url(media) or "",
        thumbnail_url=_thumbnail_url(media),
        filename=media.filename,
        size_bytes=media.size_bytes if is_stored else media.declared_size_bytes,
        why=why(media),
        retry_url=reverse("inbox:media-retry", args=[media.pk]),
    )


def why(media: Media) -> str:
    """What went wrong, in one sentence; "" unless the file was given up."""
    if media.state != MediaState.FAILED:
        return ""
    sentence = SENTENCES.get(media.error_code, "")
    # "Not offered" comes with the provider's own words, where it gave any.
    if media.error_code == "not_offered" or not sentence:
        return media.error_title or _("The file could not be fetched.")
    return _(sentence)


def can_retry(membership: Membership, media: Media) -> bool:
    """Whether this member may ask for the file again."""
    is_somewhere = bool(media.provider_id or media.url)
    return media.state == MediaState.FAILED and is_somewhere and membership.replies


def is_shown(media: Media) -> bool:
    """Whether a page may draw or play the file; what may not is downloaded."""
    return media.stored_mime_type in SHAPES


def _thumbnail_url(media: Media) -> str:
    if media.state != MediaState.STORED or not media.thumbnail:
        return ""
    return reverse("inbox:media-thumbnail", args=[media.pk])


def _url(media: Media) -> str | None:
    if media.state != MediaState.STORED:
        return None
    return reverse("inbox:media", args=[media.pk])
