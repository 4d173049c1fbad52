"""The list of conversations, and one conversation beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from inbox import access, composer_parts, list_screens, notes, screens, timeline_pages
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.filters import Filters, parse
from inbox.views.fragments import show, wants_fragment
from inbox.views_of_list import VIEWS

if TYPE_CHECKING:
    from django.http import QueryDict

    from messaging.models import Conversation

REGIONS = {"list", "sidebar"}


@require_GET
@member_required
def conversation_list(request: MemberRequest) -> HttpResponse:
    """The inbox; as a fragment its list, its next rows, its views, or the empty thread."""
    membership, filters = request.membership, _filters(request.GET)
    if wants_fragment(request):
        return _list_fragment(request, membership, filters)
    region = request.GET.get("region", "list")
    context = {
        **screens.frame_context(
            membership, filters=filters, region=region if region in REGIONS else "list"
        ),
        **_list_context(membership, filters=filters, before=request.GET.get("before", "")),
    }
    return show(request, "inbox/inbox.html", context)


@require_GET
@member_required
def conversation(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """One conversation; as a page with the list beside it, as a fragment alone."""
    membership, filters = request.membership, _filters(request.GET)
    found = screens.conversation_for_thread(membership, conversation_id)
    main = screens.union_of(membership, found).main
    if main.pk != found.pk:
        return redirect(_address(main, request.GET))
    context = _thread_context(request, found)
    if wants_fragment(request):
        return show(request, "inbox/_thread.html", {"view": VIEWS[filters.view], **context})
    frame = screens.frame_context(membership, filters=filters, region="thread")
    beside = _list_context(membership, filters=filters, selected=found.pk)
    return show(request, "inbox/inbox.html", {**frame, **beside, **context})


def _address(main: Conversation, params: QueryDict) -> str:
    """Where a conversation goes on, with the rest of the address as it was."""
    address = reverse("inbox:conversation", args=[main.pk])
    return f"{address}?{params.urlencode()}" if params else address


def _list_fragment(request: MemberRequest, membership: Any, filters: Filters) -> HttpResponse:
    target = request.htmx.target  # type: ignore[attr-defined]  # django-htmx adds it
    if target == "thread":
        return show(request, "inbox/_thread_empty.html", {"view": VIEWS[filters.view]})
    if target == "views":
        context = {
            "membership": membership,
            **list_screens.views_context(membership, filters),
            "with_tabs": True,
        }
        return show(request, "inbox/_views.html", context)
    before = request.GET.get("before", "")
    context = _list_context(membership, filters=filters, before=before)
    if before:
        return show(request, "inbox/_rows.html", context)
    context |= list_screens.head_context(membership, filters)
    return show(request, "inbox/_list.html", context)


def _filters(params: QueryDict) -> Filters:
    return parse(dict(params.lists()))


def _list_context(membership: Any, **options: Any) -> dict[str, Any]:
    try:
        return screens.list_context(membership, **options)
    except BadCursor as error:
        raise Http404 from error


def _thread_context(request: MemberRequest, found: Any) -> dict[str, Any]:
    try:
        context = screens.thread_context(
            request.membership, found, wanted=timeline_pages.wanted_of(request.GET)
        )
    except BadCursor as error:
        raise Http404 from error
    notes.see_mentions(request.membership.user, [context["conversation"].pk, found.pk])
    if "mode" in request.GET:
        context |= composer_parts.parts(
            request.membership, context["conversation"], mode=request.GET["mode"]
        )
    quoted = request.GET.get("reply_to", "")
    if access.is_number(quoted):
        union = screens.union_of(request.membership, found)
        message = access.messages(request.membership, *union.all).filter(pk=int(quoted)).first()
        context |= screens.composer_context(found, quoted=message)
    return context
