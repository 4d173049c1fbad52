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
from inbox.timeline_pages import Stretch, Wanted
from inbox.unions import Union, changed_filter, heads_now, parse_heads, write_heads
from inbox.views.fragments import show
from messaging.models import Conversation, Message
from outbound import courtesies

# As many as the page shows (static/js/stretch.js): more would be drawn only to be let go.
MOST_PULLED = 150


@require_GET
@member_required
def message_list(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """`?after=<seq>`: what was born or changed since; else a stretch of the timeline.

    Who is further behind than a page can show gets the newest stretch instead, with `data-born`:
    how many messages they missed. Nothing that they have before their eyes is to be believed then.

    A stretch is the page above `?before=<cursor>` or below `?from=<cursor>`, the one around
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
    changed = _changed(request, union, heads)
    if changed is None:
        born = timeline_pages.born_since(request.membership, union, heads)
        newest = timeline_pages.stretch(request.membership, union, Wanted())
        return _page(request, union, newest.messages, {**_numbers(union, newest), "born": born})
    heads = heads_now(heads, union)
    numbers = {"head": heads.pop(found.pk), "heads_beside": write_heads(heads)}
    return _page(request, union, changed, numbers)


def _changed(
    request: MemberRequest, union: Union, heads: Mapping[int, int]
) -> list[Message] | None:
    """What is newer than `heads`; None where that is more than a page can show."""
    rows = access.messages(request.membership, *union.all).filter(changed_filter(heads))
    rows = rows.order_by("conversation", "changed_seq")
    # Each change takes a number: who is fewer behind has not missed more, without counting.
    behind = sum(max(each.head_seq - heads[each.pk], 0) for each in union.all)
    if behind > MOST_PULLED and len(rows.values_list("pk")[: MOST_PULLED + 1]) > MOST_PULLED:
        return None
    found = list(queries.with_message_parts(rows)[: MOST_PULLED + 1])
    return found if len(found) <= MOST_PULLED else None


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
    return _page(request, union, stretch.messages, _numbers(union, stretch))


def _numbers(union: Union, stretch: Stretch) -> dict[str, object]:
    return {
        "older_messages": stretch.older,
        "newer_messages": stretch.newer,
        "found_id": stretch.found_id,
        "head": union.main.head_seq,
        "heads_beside": write_heads({each.pk: each.head_seq for each in union.beside}),
    }


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
