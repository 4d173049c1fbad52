"""Everybody the member may see, by name; and two of them who are one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from inbox import access, contacts, directories, screens
from inbox.access import MemberRequest, member_required
from inbox.views.fragments import show


@require_GET
@member_required
def contact_list(request: MemberRequest) -> HttpResponse:
    """A page of people, or of those that a search finds."""
    after, text = request.GET.get("after", ""), request.GET.get("q", "")[:200]
    page = directories.page_of(
        request.membership, text=text, after=int(after) if access.is_number(after) else None
    )
    context = {"found": page, "text": text, "is_later_page": bool(after)}
    return _desk(request, "inbox/contacts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def contact_merge(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Look for the other one, compare, and say that they are one person."""
    membership = request.membership
    contact = access.contact_or_404(membership, contact_id)
    fields = request.POST if request.method == "POST" else request.GET
    number = fields.get("other", "")
    other = access.contact_or_404(membership, int(number)) if access.is_number(number) else None
    if request.method == "POST" and other is not None:
        kept = contacts.join(membership, contact.pk, other.pk)
        return redirect("inbox:contact", contact_id=kept.pk)
    text = request.GET.get("q", "")[:200]
    context = {
        "contact": contact,
        "text": text,
        "found": directories.page_of(membership, text=text, without=contact.pk) if text else None,
        "pair": directories.pair_of(membership, contact, other) if other else None,
    }
    return _desk(request, "inbox/contact_merge.html", context)


def _desk(request: MemberRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    frame = screens.frame_context(request.membership, region="desk")
    return show(request, template, {**frame, "page": "contacts", **context})
