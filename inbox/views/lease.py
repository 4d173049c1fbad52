"""Whose turn it is, over HTTP: for pages without a socket, and plain forms without JavaScript."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inbox import access, lease_frames
from inbox.access import MemberRequest, member_required
from inbox.views.fragments import wants_fragment


@require_POST
@member_required
def ask(request: MemberRequest, conversation_id: int, action: str) -> HttpResponse:
    """`lock`, `unlock`, `heartbeat` or `takeover`: the frame that the socket would answer with.

    A plain form goes back to the conversation, which says who holds the lease.
    """
    found = access.conversation_or_404(request.membership, conversation_id)
    token = request.POST.get("lease_token", "")
    asked = {"type": action, "lease_token": int(token) if access.is_number(token) else None}
    frame = lease_frames.answer_to(request.membership, asked, found.pk)
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=found.pk)
    refused = {"denied": 403, "held": 409, "lost": 409}
    return JsonResponse(frame, status=refused.get(frame.get("code", ""), 200))


@require_safe
@never_cache
@member_required
def state(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Who holds it now: what `lease.changed` would have said."""
    found = access.conversation_or_404(request.membership, conversation_id)
    return JsonResponse(lease_frames.now(found.pk))
