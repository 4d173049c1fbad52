"""The number beside a page's title."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inbox import bells
from inbox.access import MemberRequest, member_required


@never_cache
@require_GET
@member_required
def bell(request: MemberRequest) -> HttpResponse:
    """How many of one's own conversations hold something unread."""
    return JsonResponse({"unread": bells.unread_of_mine(request.membership)})
