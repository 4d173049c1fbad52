"""The timeline's parts: what is new, what is older, and how far the agent has read."""

from __future__ import annotations

from django.http import Http404, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from inbox import access, bubbles, faces, queries, rows
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.reading import mark_read
from inbox.views.fragments import show
from messaging.models import Conversation, Message

MOST_PULLED = 200


@require_GET
@member_required
def message_list(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """`?after=<seq>`: what was born or changed since; `?before=<cursor>`: the page above."""
    found = access.conversation_or_404(
        request.membership,
        conversation_id,
        queries.with_row_parts(access.conversations(request.membership)),
    )
    if "after" in request.GET:
        return _newer(request, found, request.GET["after"])
    return _older(request, found, request.GET.get("before", ""))


@require_POST
@member_required
def read(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The agent has seen everything up to `seq`."""
    found = access.conversation_or_404(request.membership, conversation_id)
    seq = request.POST.get("seq", "")
    if not access.is_number(seq):
        return JsonResponse({"errors": {"seq": ["A number."]}}, status=422)
    mark = mark_read(request.membership.user, found, seq=int(seq))
    return JsonResponse({"id": found.pk, "read": mark.inbound_count, "seq": mark.seq})


def _newer(request: MemberRequest, found: Conversation, after: str) -> HttpResponse:
    if not access.is_number(after):
        raise Http404
    changed = access.messages(request.membership, found).changed_after(int(after))
    messages = list(queries.with_message_parts(changed)[: MOST_PULLED + 1])
    more = len(messages) > MOST_PULLED
    messages = messages[:MOST_PULLED]
    head = messages[-1].changed_seq if more else max(found.head_seq, int(after))
    return _page(request, found, messages, {"head": head, "has_more": more})


def _older(request: MemberRequest, found: Conversation, before: str) -> HttpResponse:
    try:
        page = queries.page_of_messages(access.messages(request.membership, found), before=before)
    except BadCursor as error:
        raise Http404 from error
    return _page(request, found, list(reversed(page.rows)), {"older_messages": page.cursor})


def _page(
    request: MemberRequest,
    found: Conversation,
    messages: list[Message],
    numbers: dict[str, object],
) -> HttpResponse:
    reader = bubbles.Reader(
        user=request.membership.user, contact_name=faces.contact_name(found.contact)
    )
    context = {
        "conversation": found,
        "membership": request.membership,
        "window": rows.window_of(found.window_expires_at, now=timezone.now()),
        "bubbles": bubbles.arrange(messages, reader),
        **numbers,
    }
    return show(request, "inbox/_timeline_page.html", context)
