"""Writing first: a channel, somebody to write to, and their conversation, new or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inbox import access, addressees, screens, starting
from inbox.access import MemberRequest, member_required
from inbox.refusals import Invalid
from inbox.views.fragments import show, wants_fragment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from messaging.models import Channel

FOUND = "start-found"


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def start(request: MemberRequest) -> HttpResponse:
    """`?q=`: whom one can write to; POST: go to the conversation with somebody, made if needed."""
    if not request.membership.replies:
        raise PermissionDenied
    if request.method != "POST":
        return _shown(request, request.GET)
    channel = request.POST.get("channel", "")
    if not access.is_number(channel):
        raise Http404
    wanted = starting.Start(
        channel=int(channel),
        kind=request.POST.get("kind", "")[:12],
        value=request.POST.get("value", "")[:200],
    )
    try:
        conversation, _is_new = starting.begin(request.membership, wanted)
    except Invalid as refusal:
        return _shown(request, request.POST, status=422, errors=refusal.errors)
    return redirect("inbox:conversation", conversation_id=conversation.pk)


def _shown(
    request: MemberRequest,
    given: QueryDict,
    *,
    status: int = 200,
    errors: Mapping[str, list[str]] | None = None,
) -> HttpResponse:
    context = _context(request, given) | {
        "start_errors": [each for found in (errors or {}).values() for each in found]
    }
    if wants_fragment(request):
        is_found = request.headers.get("HX-Target") == FOUND
        name = "_start_found" if is_found else "_start"
        return show(request, f"inbox/{name}.html", context, status=status)
    frame = {
        **screens.frame_context(request.membership, view="all", region="thread"),
        **screens.list_context(request.membership, view="all"),
    }
    return show(request, "inbox/inbox.html", {**frame, **context}, status=status)


def _context(request: MemberRequest, given: QueryDict) -> dict[str, Any]:
    channels = addressees.channels(request.membership)
    channel = _channel(channels, given.get("channel", ""))
    text = given.get("q", "")
    found = addressees.find(request.membership, channel, text) if channel else []
    return {
        "is_start": True,
        "membership": request.membership,
        "start_channels": channels,
        "start_channel": channel,
        "start_text": text[:200],
        "start_found": found,
    }


def _channel(channels: list[Channel], wanted: str) -> Channel | None:
    """The one that was chosen, else the first."""
    chosen = (channel for channel in channels if str(channel.pk) == wanted)
    return next(chosen, channels[0] if channels else None)
