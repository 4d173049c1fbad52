"""Looking for people and for what was said."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from inbox import screens, searching
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.views.fragments import show, wants_fragment


@require_GET
@member_required
def search(request: MemberRequest) -> HttpResponse:
    """`?q=`: the list region with what was found; as a fragment alone, or its next page."""
    before = request.GET.get("before", "")
    try:
        found = searching.find(request.membership, request.GET.get("q", ""), before=before)
    except BadCursor as error:
        raise Http404 from error
    context = {"found": found, "is_search": True, "membership": request.membership}
    if wants_fragment(request):
        template = "inbox/_search_hits.html" if before else "inbox/_search.html"
        return show(request, template, context)
    frame = screens.frame_context(request.membership, view="all", region="list")
    return show(request, "inbox/inbox.html", {**frame, **context})
