"""The list of conversations, and one conversation beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from inbox import access, queries, realtime, rows, screens
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.reading import with_read_count
from inbox.unions import unions_of
from inbox.views.fragments import show, wants_fragment

if TYPE_CHECKING:
    from django.http import QueryDict

    from inbox.unions import Union
    from messaging.models import Conversation

REGIONS = {"list", "sidebar"}
MOST_PULLED = 200


@require_GET
@member_required
def conversation_list(request: MemberRequest) -> HttpResponse:
    """The inbox; as a fragment its list, its next rows, its views, or the empty thread."""
    membership, view = request.membership, _view(request.GET)
    if wants_fragment(request):
        return _list_fragment(request, membership, view)
    region = request.GET.get("region", "list")
    context = {
        **screens.frame_context(
            membership, view=view, region=region if region in REGIONS else "list"
        ),
        **_list_context(membership, view=view, before=request.GET.get("before", "")),
    }
    return show(request, "inbox/inbox.html", context)


@require_GET
@member_required
def conversation(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """One conversation; as a page with the list beside it, as a fragment alone."""
    membership, view = request.membership, _view(request.GET)
    found = screens.conversation_for_thread(membership, conversation_id)
    main = screens.union_of(membership, found).main
    if main.pk != found.pk:
        return redirect(_address(main, request.GET))
    context = _thread_context(request, found)
    if wants_fragment(request):
        return show(request, "inbox/_thread.html", {"view": queries.VIEWS[view], **context})
    frame = screens.frame_context(membership, view=view, region="thread")
    beside = _list_context(membership, view=view, selected=found.pk)
    return show(request, "inbox/inbox.html", {**frame, **beside, **context})


@require_GET
@member_required
def changed_rows(request: MemberRequest) -> HttpResponse:
    """Rows changed since the reader's number, in the shape of the socket's `list.changed`.

    More than a list can usefully merge answers `reset`: the reader loads the list anew.
    """
    membership = request.membership
    after = request.GET.get("changed_after", "")
    if not access.is_number(after):
        raise Http404
    head = queries.organization_head(membership.organization_id)
    seen = queries.with_row_parts(
        with_read_count(access.conversations(membership), membership.user)
    )
    changed = seen.filter(changed_seq__gt=int(after)).order_by("changed_seq")
    found = list(changed[: MOST_PULLED + 1])
    reset = len(found) > MOST_PULLED
    unions = {} if reset else unions_of(found, seen)
    mains = {union.main.pk: union for union in unions.values()}
    return JsonResponse(
        {
            "type": "list.changed",
            "group": realtime.organization_group(membership.organization_id),
            "from": int(after),
            "to": head,
            "reset": reset,
            "rows": [
                *({"id": pk, "gone": True} for pk in unions if pk not in mains),
                *(_pulled_row(request, union) for union in mains.values()),
            ],
        }
    )


def _pulled_row(request: MemberRequest, union: Union) -> dict[str, Any]:
    row = rows.row_of(union, now=timezone.now())
    html = render_to_string("inbox/_row.html", {"row": row}, request=request)
    return {"id": union.main.pk, "read": union.read_count, "html": html}


def _address(main: Conversation, params: QueryDict) -> str:
    """Where a conversation goes on, with the rest of the address as it was."""
    address = reverse("inbox:conversation", args=[main.pk])
    return f"{address}?{params.urlencode()}" if params else address


def _list_fragment(request: MemberRequest, membership: Any, view: str) -> HttpResponse:
    target = request.htmx.target  # type: ignore[attr-defined]  # django-htmx adds it
    if target == "thread":
        return show(request, "inbox/_thread_empty.html", {"view": queries.VIEWS[view]})
    if target == "views":
        context = {
            "membership": membership,
            **screens.views_context(membership, view=view),
            "tabs_oob": True,
        }
        return show(request, "inbox/_views.html", context)
    before = request.GET.get("before", "")
    context = _list_context(membership, view=view, before=before)
    if before:
        return show(request, "inbox/_rows.html", context)
    context |= screens.views_context(membership, view=view)
    return show(request, "inbox/_list_fragment.html", context)


def _view(params: QueryDict) -> str:
    view = params.get("view", "all")
    return view if view in queries.VIEWS else "all"


def _list_context(membership: Any, **options: Any) -> dict[str, Any]:
    try:
        return screens.list_context(membership, **options)
    except BadCursor as error:
        raise Http404 from error


def _thread_context(request: MemberRequest, found: Any) -> dict[str, Any]:
    try:
        context = screens.thread_context(
            request.membership, found, before=request.GET.get("before", "")
        )
    except BadCursor as error:
        raise Http404 from error
    quoted = request.GET.get("reply_to", "")
    if access.is_number(quoted):
        union = screens.union_of(request.membership, found)
        message = access.messages(request.membership, *union.all).filter(pk=int(quoted)).first()
        context |= screens.composer_context(found, quoted=message)
    return context
