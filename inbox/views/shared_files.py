"""Files that a provider fetches by itself, at an address that only it was given."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from inbox import access
from inbox.filenames import safe_filename
from inbox.streams import stream
from messaging import sniffing

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex",
}


@require_safe
def shared_file(request: HttpRequest, token: str) -> HttpResponseBase:
    """The file that a short-lived signed token names; nobody logs in here.

    Its type is the true one, since the provider goes by it; a browser only ever saves it.
    """
    found = access.shared_media_or_404(token)
    name = safe_filename(
        found.filename,
        fallback=f"{found.kind}-{found.pk}",
        extension=sniffing.extension(found.stored_mime_type),
    )
    headers = {
        **HEADERS,
        "Content-Type": found.stored_mime_type,
        "Content-Disposition": content_disposition_header(True, name) or "",
    }
    return stream(request, found.file, etag=f'"{found.sha256}"', headers=headers)
