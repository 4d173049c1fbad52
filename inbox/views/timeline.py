"""The timeline's parts: what is new, what is older, and how far the agent has read."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from inbox import access, bubbles, faces, queries, rows, screens, timeline_pages
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.reading import mark_read
from inbox.unions import Union, changed_filter, heads_after, parse_heads, write_heads
from inbox.views.fragments import show
from messaging.models import Conversation, Message
from outbound import courtesies

MOST_PULLED = 200


@require_GET
@member_required
def message_list(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """`?after=<seq>`: what was born or changed since; else a stretch of the timeline.

    That is the page above `?before=<cursor>` or below `?from=<cursor>`, the one around
    `?message=<id>` or `?at=<date or moment>`, or the newest one.

    `beside` says how far the reader is in conversations from before a merge. Where that changed,
    the answer says where the conversation goes on.
    """
    found = screens.conversation_for_thread(request.membership, conversation_id)
    if "after" in request.GET:
        return _newer(request, found, request.GET["after"])
    return _stretch(request, found)


@require_POST
@member_required
def read(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The agent has seen everything up to `seq`, and up to `beside` before a merge."""
    seq, beside = request.POST.get("seq", ""), parse_heads(request.POST.get("beside", ""))
    if not access.is_number(seq) or beside is None:
        return JsonResponse({"errors": {"seq": ["A number."]}}, status=422)
    found = screens.conversation_for_thread(request.membership, conversation_id)
    union = screens.union_of(request.membership, found)
    mark = mark_read(request.membership.user, found, seq=int(seq))
    counts = [mark.inbound_count]
    for other in union.all:
        if other.pk != found.pk:
            head = beside.get(other.pk, 0)
            counts.append(mark_read(request.membership.user, other, seq=head).inbound_count)
    if request.membership.replies:
        courtesies.on_open([each.pk for each in union.all])
    return JsonResponse({"id": found.pk, "read": sum(counts), "seq": mark.seq})


def _newer(request: MemberRequest, found: Conversation, after: str) -> HttpResponse:
    beside = parse_heads(request.GET.get("beside", ""))
    if not access.is_number(after) or beside is None:
        raise Http404
    union = screens.union_of(request.membership, found)
    has_changed = {each.pk for each in union.beside} != beside.keys()
    if has_changed or union.main.pk != found.pk:
        return _page(request, union, [], {"goes_on": union.main.pk, "head": int(after)})
    heads = {found.pk: int(after), **beside}
    rows = access.messages(request.membership, *union.all).filter(changed_filter(heads))
    ordered = rows.order_by("conversation", "changed_seq")
    messages = list(queries.with_message_parts(ordered)[: MOST_PULLED + 1])
    more = len(messages) > MOST_PULLED
    messages = messages[:MOST_PULLED]
    heads = heads_after(messages if more else [], heads, union)
    numbers = {"head": heads.pop(found.pk), "heads_beside": write_heads(heads), "has_more": more}
    return _page(request, union, messages, numbers)


def _stretch(request: MemberRequest, found: Conversation) -> HttpResponse:
    """A page as new as its head: whoever has heard of more pulls again from there."""
    union = screens.union_of(request.membership, found)
    if union.main.pk != found.pk:
        return _page(request, union, [], {"goes_on": union.main.pk, "head": found.head_seq})
    wanted = timeline_pages.wanted_of(request.GET)
    try:
        stretch = timeline_pages.stretch(request.membership, union, wanted)
    except BadCursor as error:
        raise Http404 from error
    numbers = {
        "older_messages": stretch.older,
        "newer_messages": stretch.newer,
        "found_id": stretch.found_id,
        "head": found.head_seq,
        "heads_beside": write_heads({each.pk: each.head_seq for each in union.beside}),
    }
    return _page(request, union, stretch.messages, numbers)


def _page(
    request: MemberRequest, union: Union, messages: list[Message], numbers: Mapping[str, object]
) -> HttpResponse:
    found = union.main
    reader = bubbles.Reader(
        user=request.membership.user, contact_name=faces.contact_name(found.contact)
    )
    context = {
        "conversation": found,
        "membership": request.membership,
        "window": rows.window_of(found, now=timezone.now()),
        "bubbles": bubbles.arrange(messages, reader),
        **numbers,
    }
    return show(request, "inbox/_timeline_page.html", context)
