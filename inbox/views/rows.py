"""Rows of the list by themselves: what changed, and which of them belong to a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access, bells, listing, queries, realtime, rows, screens
from inbox.access import MemberRequest, member_required
from inbox.filters import parse
from inbox.unions import unions_of

if TYPE_CHECKING:
    from inbox.bells import Moments
    from inbox.unions import Union
    from messaging.models import Conversation

MOST_PULLED = 200


@require_GET
@member_required
def changed_rows(request: MemberRequest) -> HttpResponse:
    """Rows changed since the reader's number, in the shape of the socket's `list.changed`.

    With `ids` instead of `changed_after`: which of them a list holds, for lists that a browser
    cannot judge by itself. More than a list can usefully merge answers `reset`: the reader loads
    the list anew.
    """
    if "ids" in request.GET:
        return _members(request)
    membership = request.membership
    after = request.GET.get("changed_after", "")
    if not access.is_number(after):
        raise Http404
    head = queries.organization_head(membership.organization_id)
    seen = screens.readable(membership)
    changed = seen.filter(changed_seq__gt=int(after)).order_by("changed_seq")
    found = list(changed[: MOST_PULLED + 1])
    reset = len(found) > MOST_PULLED
    unions = {} if reset else unions_of(found, seen)
    mains = {union.main.pk: union for union in unions.values()}
    here = (pk for union in mains.values() for pk in union.key)
    named = bells.named_at([membership.user_id], here)
    return JsonResponse(
        {
            "type": "list.changed",
            "group": realtime.organization_group(membership.organization_id),
            "from": int(after),
            "to": head,
            "reset": reset,
            "rows": [
                *({"id": pk, "gone": True} for pk in unions if pk not in mains),
                *(_pulled_row(request, union, named) for union in mains.values()),
            ],
        }
    )


def _members(request: MemberRequest) -> HttpResponse:
    """Of the conversations asked for those that the list holds, as rows; the others are gone."""
    membership = request.membership
    ids = [int(pk) for pk in request.GET["ids"].split(",")[:MOST_PULLED] if access.is_number(pk)]
    filters = parse(dict(request.GET.lists()))
    seen = screens.readable(membership)
    found: list[Conversation] = list(listing.chosen(membership, filters, seen).filter(pk__in=ids))
    unions = unions_of(found, seen)
    gone = set(ids) - {row.pk for row in found}
    rows_found = [_pulled_row(request, unions[row.pk], {}) for row in found]
    return JsonResponse({"rows": [*({"id": pk, "gone": True} for pk in sorted(gone)), *rows_found]})


def _pulled_row(request: MemberRequest, union: Union, named: Moments) -> dict[str, Any]:
    row = rows.row_of(union, now=timezone.now())
    html = render_to_string("inbox/_row.html", {"row": row})
    told = {"id": union.main.pk, "read": union.read_count, **bells.news_of(union)}
    told["named"] = bells.newest_of(named, request.membership.user_id, union)
    return {**told, "html": html}
