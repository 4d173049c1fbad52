"""Keeping a list under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from inbox import saved
from inbox.access import MemberRequest, member_required
from inbox.filters import Filters, parse
from inbox.refusals import Invalid

if TYPE_CHECKING:
    from django.http import QueryDict


@require_POST
@member_required
def keep(request: MemberRequest) -> HttpResponse:
    """Keep the list in `filters` (its query) as `name`; `shared` makes it everybody's."""
    filters, is_shared = listed(request.POST), request.POST.get("shared") == "1"
    name = request.POST.get("name", "")
    try:
        row = saved.keep(request.membership, name, filters, is_shared=is_shared)
    except Invalid as refusal:
        return _refused(request, filters, refusal)
    return to_list(saved.filters_of(row))


@require_POST
@member_required
def change(request: MemberRequest, number: int) -> HttpResponse:
    """Rename it or delete it."""
    filters = listed(request.POST)
    if request.POST.get("do") == "delete":
        saved.delete(request.membership, number)
        return to_list(Filters())
    try:
        row = saved.rename(request.membership, number, request.POST.get("name", ""))
    except Invalid as refusal:
        return _refused(request, filters, refusal)
    return to_list(saved.filters_of(row))


def listed(params: QueryDict) -> Filters:
    """The list that a form was made for, from its field `filters`."""
    return parse(parse_qs(params.get("filters", "").removeprefix("?")))


def to_list(filters: Filters) -> HttpResponse:
    """Back to a list."""
    query = filters.query
    address = reverse("inbox:conversation-list")
    return redirect(f"{address}?{query}" if query else address)


def _refused(request: MemberRequest, filters: Filters, refusal: Invalid) -> HttpResponse:
    for sentences in refusal.errors.values():
        for sentence in sentences:
            notices.error(request, sentence)
    return to_list(filters)
