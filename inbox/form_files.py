"""Files that come with a form, without JavaScript: kept by the rules of `uploads/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messaging.media_files import Incoming
from outbound import uploads

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from messaging.models import Membership
    from outbound.models import Upload


def keep(membership: Membership, file: UploadedFile[bytes], *, kind: str = "") -> Upload:
    """The file as an upload; `kind` is a wish. Raises uploads.Refused, NotFetched."""
    incoming = Incoming()
    try:
        for chunk in file.chunks():
            incoming.write(chunk)
        incoming.finish()
        given = uploads.Given(
            incoming=incoming,
            filename=file.name or "",
            declared=file.content_type or "",
            kind=kind,
        )
        return uploads.store(membership, given)
    finally:
        incoming.discard()
