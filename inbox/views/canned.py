"""Canned replies: the page on which they are written, and the list the composer offers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as notices
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, canned, screens
from inbox.access import MemberRequest, member_required
from inbox.drafts import first_line
from inbox.models import CannedReply
from inbox.preference_forms import CannedForm
from inbox.refusals import ReadOnly


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def page(request: MemberRequest, number: int = 0) -> HttpResponse:
    """All that one may use, and a form for a new one or the one that is being changed."""
    membership = request.membership
    reply = canned.reply_or_404(membership, number) if number else CannedReply()
    if number and not canned.may_change(membership, reply):
        raise PermissionDenied
    form = CannedForm(
        request.POST if request.method == "POST" else None,
        instance=reply,
        shares=canned.shares(membership),
    )
    if request.method == "POST" and form.is_valid() and _kept(request, form):
        return redirect("inbox:canned-replies")
    status = 422 if form.errors else 200
    return render(request, "inbox/canned.html", _context(request, form, number), status=status)


@require_POST
@member_required
def delete(request: MemberRequest, number: int) -> HttpResponse:
    """One less."""
    reply = canned.reply_or_404(request.membership, number)
    try:
        canned.remove(request.membership, reply)
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    notices.success(request, _("/%(shortcut)s is gone.") % {"shortcut": reply.shortcut})
    return redirect("inbox:canned-replies")


@require_GET
@member_required
def choices(request: MemberRequest) -> HttpResponse:
    """What the composer offers after `/`."""
    rows = [
        {
            "id": reply.pk,
            "shortcut": reply.shortcut,
            "title": reply.title,
            "line": first_line(reply.text),
        }
        for reply in canned.of(request.membership)
    ]
    return _fresh(JsonResponse({"results": rows}))


@require_GET
@member_required
def filled(request: MemberRequest, conversation_id: int, number: int) -> HttpResponse:
    """One of them as it reads to the customer of a conversation."""
    found = access.conversation_or_404(
        request.membership,
        conversation_id,
        access.conversations(request.membership).select_related("channel", "contact__merged_into"),
    )
    text = canned.fill(canned.reply_or_404(request.membership, number), request.membership, found)
    return _fresh(JsonResponse({"text": text.text, "unknown": text.unknown}))


def _kept(request: MemberRequest, form: CannedForm) -> bool:
    reply = form.save(commit=False)
    try:
        canned.keep(request.membership, reply, is_shared=form.cleaned_data["is_shared"])
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    except canned.ShortcutTaken:
        form.add_error("shortcut", _("There is one of this name already."))
        return False
    notices.success(request, _("/%(shortcut)s is kept.") % {"shortcut": reply.shortcut})
    return True


def _context(request: MemberRequest, form: CannedForm, number: int) -> dict[str, Any]:
    membership = request.membership
    rows = [
        {"reply": reply, "may_change": canned.may_change(membership, reply)}
        for reply in canned.of(membership)
    ]
    return {
        **screens.frame_context(membership, view="all", region="desk"),
        "page": "canned",
        "form": form,
        "number": number,
        "rows": rows,
        "variables": ["{{" + name + "}}" for name in canned.VARIABLES],
    }


def _fresh(answer: JsonResponse) -> JsonResponse:
    answer["Cache-Control"] = "no-store"
    return answer
