"""Files of messages: read by whoever may read the message, and never run by a browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from inbox import access
from inbox.access import MemberRequest, member_required
from inbox.api.authentication import BearerToken
from inbox.api.permissions import IsMember
from inbox.filenames import safe_filename
from inbox.media import SHAPES, is_shown
from inbox.streams import stream
from inbox.views.fragments import wants_fragment
from messaging import downloads, sniffing
from messaging.models import Media, MediaState

# Even a file that slipped through as something else gets no script, no origin and no neighbours.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=3600",
}

FileView = Callable[[Any, int], HttpResponseBase]


def reader_required(view: FileView) -> FileView:
    """Let members in by their login, and programs by their token: the API names these URLs."""
    for_browsers = member_required(view)

    @wraps(view)
    def inner(request: Any, /, media_id: int) -> HttpResponseBase:
        if "Authorization" not in request.headers:
            return for_browsers(request, media_id)
        try:
            asker = Request(request, authenticators=[BearerToken()])
            if not IsMember().has_permission(asker, None):
                return HttpResponse(status=401)
        except APIException:
            return HttpResponse(status=401)
        request.membership = asker.membership  # type: ignore[attr-defined]  # set by IsMember
        return view(request, media_id)

    return inner


@require_safe
@reader_required
def file(request: MemberRequest, media_id: int) -> HttpResponseBase:
    """The file itself; shown in place only where its type allows nothing else."""
    found = _stored(request, media_id)
    headers = {
        **HEADERS,
        "Content-Type": _content_type(found),
        "Content-Disposition": content_disposition_header(not is_shown(found), _name(found)) or "",
    }
    return stream(request, found.file, etag=f'"{found.sha256}"', headers=headers)


@require_safe
@reader_required
def thumbnail(request: MemberRequest, media_id: int) -> HttpResponseBase:
    """The small picture of a file, where there is one."""
    found = _stored(request, media_id)
    if not found.thumbnail:
        raise Http404
    kind = "image/webp" if found.thumbnail.endswith(".webp") else "image/jpeg"
    headers = {**HEADERS, "Content-Type": kind, "Content-Disposition": "inline"}
    return stream(request, found.thumbnail, etag=f'"{found.sha256}-small"', headers=headers)


@require_POST
@member_required
def retry(request: MemberRequest, media_id: int) -> HttpResponse:
    """Ask for a file again; what changes is seen like every change."""
    found = access.media_or_404(request.membership, media_id)
    if not request.membership.replies:
        raise PermissionDenied
    downloads.retry([found.pk])
    if wants_fragment(request):
        return HttpResponse(status=204)
    return redirect("inbox:conversation", conversation_id=found.message.conversation_id)


def _stored(request: MemberRequest, media_id: int) -> Media:
    found = access.media_or_404(request.membership, media_id)
    if found.state != MediaState.STORED:
        raise Http404
    return found


def _content_type(media: Media) -> str:
    """What may run in a browser is sent as bytes without a meaning."""
    kind = media.stored_mime_type
    return kind if kind in SHAPES or kind == "application/pdf" else sniffing.UNKNOWN


def _name(media: Media) -> str:
    """The sender's name for it; what is shown ends as its type does, whatever it was called."""
    ending = sniffing.extension(media.stored_mime_type) if is_shown(media) else ""
    fallback = f"{media.kind}-{media.pk}"
    return safe_filename(
        media.filename or f"{fallback}.{sniffing.extension(media.stored_mime_type)}",
        fallback=fallback,
        extension=ending,
    )
