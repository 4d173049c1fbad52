"""Drafts: saved while somebody types, and shown to colleagues beside the composer."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from inbox import access, drafts
from inbox.access import MemberRequest, member_required
from inbox.forms import DraftForm
from inbox.views.fragments import show

MOST_ROWS = 200


@require_POST
@member_required
def draft(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Keep it: its new version; else what a newer tab has saved, which is no error of anybody's."""
    form = DraftForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    if not request.membership.replies:
        return JsonResponse({}, status=403)
    fields = form.cleaned_data
    typed = drafts.Typed(
        mode=fields["mode"],
        text=fields["text"],
        version=fields["version"],
        reply_to=fields["reply_to"],
    )
    try:
        version = drafts.save(request.membership, conversation_id, typed)
    except drafts.Outdated as refusal:
        newer = refusal.draft
        return JsonResponse({"kept": False, "version": newer.version, "text": newer.text})
    return JsonResponse({"kept": True, "version": version})


@require_GET
@member_required
def beside(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Colleagues' drafts of one conversation, as a strip."""
    found = access.conversation_or_404(request.membership, conversation_id)
    rows = drafts.beside(request.membership.user, found)
    return show(request, "inbox/_composer_beside.html", {"drafts_beside": rows})


@require_GET
@member_required
def on_rows(request: MemberRequest) -> HttpResponse:
    """What rows of the list say of drafts, `?ids=`: for a page that has not heard for a while."""
    asked = request.GET.get("ids", "").split(",")[:MOST_ROWS]
    ids = [int(number) for number in asked if access.is_number(number)]
    seen = access.conversations(request.membership).filter(pk__in=ids).values_list("pk", flat=True)
    found = drafts.on_rows(request.membership.user, seen)
    return JsonResponse({str(pk): {"own": row.own, "by": row.by} for pk, row in found.items()})
