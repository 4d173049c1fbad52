"""Files that agents and programs give us to send: checked and stored before anything is queued.

A file waits here until a message takes it; what nobody sent is deleted after a day.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from messaging import media_files, sniffing, thumbnails
from messaging.media_files import Incoming
from messaging.models import Media, MediaState, Membership, Message
from messaging.providers.values import mapping, text
from messaging.sql import execute
from outbound.models import Upload
from outbound.upload_contents import Refused, Suitable, suit

UNUSED_AFTER = timedelta(days=1)
SWEEP_BATCH = 500
LARGEST_ID = 2**63 - 1
# Names of files begin with it and the row's id, so that media's own sweep leaves them alone.
PREFIX = "u"

__all__ = ["Given", "Refused", "attach", "find", "store", "sweep_unused", "upload_id_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file as it came, all of it in `incoming`; `kind` is a wish, "" for none."""

    incoming: Incoming
    filename: str
    declared: str = ""
    kind: str = ""


def store(membership: Membership, given: Given) -> Upload:
    """Check the file and keep it for a message; the caller discards `given.incoming`.

    Raises Refused with what is wrong and what is allowed, and NotFetched where the disk refuses.
    """
    suitable = suit(given.incoming, kind=given.kind, declared=given.declared)
    try:
        return _keep(membership, given, suitable)
    finally:
        if suitable.incoming is not given.incoming:
            suitable.incoming.discard()


def upload_id_in(kind: str, content: Mapping[str, Any]) -> int | None:
    """The upload that a message's content names: `{image: {upload: id}}`.

    A voice note may call its object by the provider's name, `audio`; of a template it is the
    file of its header.
    """
    kind, content = _file_in(kind, content)
    for name in (kind, "audio") if kind == "voice" else (kind,):
        given = content.get(name)
        upload_id = given.get("upload") if isinstance(given, Mapping) else None
        if isinstance(upload_id, int) and not isinstance(upload_id, bool):
            return upload_id
    return None


def kind_in(kind: str, content: Mapping[str, Any]) -> str:
    """What kind of file a message carries: of a template its header's."""
    return _file_in(kind, content)[0]


def _file_in(kind: str, content: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """What kind of file a message carries, and the content that names it."""
    if kind != "template":
        return kind, content
    header = mapping(mapping(content.get("preview")).get("header"))
    return text(header.get("format")), header


def find(organization_id: int, kind: str, content: Mapping[str, Any]) -> Upload | None:
    """The upload that the content names, None where it names none.

    Raises Refused where there is no such file of this organisation, or not of this kind.
    """
    upload_id = upload_id_in(kind, content)
    if upload_id is None:
        return None
    upload = (
        Upload.objects.filter(organization_id=organization_id, pk=upload_id).first()
        if 0 < upload_id <= LARGEST_ID
        else None
    )
    if upload is None:
        raise Refused(_("There is no such file. Upload it again."))
    if _file_in(kind, content)[0] not in _kinds_of(upload):
        raise Refused(_("This file cannot be sent as a message of this kind."))
    return upload


def attach(message: Message) -> Media | None:
    """Give a new message the file that its content names, in the caller's transaction.

    The message gets a row of its own for the same stored file, so an upload may be sent more
    than once. Raises Refused where the upload is gone.
    """
    upload = find(message.organization_id, message.kind, message.content)
    if upload is None:
        return None
    # Against the sweep: either it sees the file in use, or we see it gone.
    kept = Upload.objects.filter(pk=upload.pk).update(used_at=Coalesce("used_at", Now()))
    if not kept:
        raise Refused(_("There is no such file. Upload it again."))
    return Media.objects.create(
        organization_id=message.organization_id,
        message=message,
        kind=_file_in(message.kind, message.content)[0],
        mime_type=upload.mime_type,
        filename=upload.filename,
        declared_sha256=upload.sha256,
        declared_size_bytes=upload.size_bytes,
        state=MediaState.STORED,
        file=upload.file,
        thumbnail=upload.thumbnail,
        stored_mime_type=upload.mime_type,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        width=upload.width,
        height=upload.height,
        received_at=message.received_at,
        stored_at=message.received_at,
        due_at=message.received_at,
    )


def sweep_unused() -> int:
    """Delete what nobody sent within a day, and files that no row knows; how many files."""
    count = 0
    while batch := _take_unused():
        media_files.remove(name for names in batch for name in names if name)
        count += len(batch)
    return count + media_files.sweep_strays(_number_in, _known)


def _keep(membership: Membership, given: Given, suitable: Suitable) -> Upload:
    [(upload_id,)] = execute(NEXT_ID)
    extension = sniffing.extension(suitable.mime_type)
    name = media_files.new_name(
        organization_id=membership.organization_id,
        media_id=f"{PREFIX}{upload_id}",
        extension=extension,
    )
    small = (
        thumbnails.draw(suitable.incoming.path)
        if suitable.mime_type.startswith("image/") and suitable.kind != "document"
        else None
    )
    file = media_files.keep(suitable.incoming, name)
    return Upload.objects.create(
        pk=upload_id,
        organization_id=membership.organization_id,
        author=membership.user,
        kind=suitable.kind,
        mime_type=_mime_type(suitable, given.filename),
        filename=_filename(given.filename, suitable),
        size_bytes=suitable.size_bytes,
        sha256=suitable.sha256,
        file=file,
        thumbnail=media_files.keep_thumbnail(name, small),
        width=small.width if small else None,
        height=small.height if small else None,
    )


def _kinds_of(upload: Upload) -> frozenset[str]:
    """Everything can also be sent as a plain file, and a voice note as sound."""
    return frozenset({upload.kind, "document"} | ({"audio"} if upload.kind == "voice" else set()))


def _filename(name: str, suitable: Suitable) -> str:
    """The name it came with; what was made anew ends as what it is now."""
    bare = name.replace("\0", "").replace("\\", "/").rpartition("/")[2].strip()[-200:]
    if not suitable.is_remade or not bare:
        return bare
    stem = bare.rpartition(".")[0] or bare
    return f"{stem}.{sniffing.extension(suitable.mime_type)}"


def _mime_type(suitable: Suitable, filename: str) -> str:
    """What the first bytes do not tell, a document's name may."""
    if suitable.kind != "document" or suitable.mime_type != sniffing.UNKNOWN:
        return suitable.mime_type
    guessed = mimetypes.guess_type(filename)[0] or ""
    return guessed if guessed.startswith("application/") else sniffing.UNKNOWN


def _take_unused() -> list[tuple[str, str]]:
    return [
        (file, thumbnail)
        for file, thumbnail in execute(
            TAKE_UNUSED, {"seconds": UNUSED_AFTER.total_seconds(), "limit": SWEEP_BATCH}
        )
    ]


def _number_in(name: str) -> int:
    first = name.rpartition("/")[2].partition("-")[0]
    number = first.removeprefix(PREFIX)
    is_ours = first.startswith(PREFIX) and number.isascii() and number.isdigit()
    return int(number) if is_ours else 0


def _known(names: list[str]) -> set[str]:
    """Names that an upload has; those of used ones stay, so a file that was sent is known too."""
    uploads = Upload.objects.filter(pk__in={_number_in(name) for name in names})
    return {name for pair in uploads.values_list("file", "thumbnail") for name in pair}


NEXT_ID = "SELECT nextval(pg_get_serial_sequence('outbound_upload', 'id'))"

TAKE_UNUSED = """
DELETE FROM outbound_upload WHERE id IN (
  SELECT id FROM outbound_upload
  WHERE used_at IS NULL AND created_at < statement_timestamp() - make_interval(secs => %(seconds)s)
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AND used_at IS NULL
RETURNING file, thumbnail
"""
