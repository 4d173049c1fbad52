"""The story of one message, for those who look after what went wrong."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from inbox import access, reviewing, screens, xray
from inbox.access import MemberRequest, member_required
from inbox.views.fragments import show, wants_fragment


@require_GET
@member_required
def x_ray(request: MemberRequest, message_id: int) -> HttpResponse:
    """A page; as a fragment what goes into the dialog. 403 for who does not read such things."""
    membership = request.membership
    if not access.reads_dead_letters(membership):
        raise PermissionDenied
    message = reviewing.message_or_404(membership, message_id)
    context = {"membership": membership, "xray": xray.xray_of(membership, message)}
    if wants_fragment(request):
        return show(request, "inbox/_xray.html", context)
    frame = screens.frame_context(membership, view="all", region="desk")
    return show(request, "inbox/xray.html", {**frame, **context, "page": "x-ray"})
