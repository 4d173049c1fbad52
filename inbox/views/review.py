"""The buttons below a message that needs a person: one POST, answered with the bubble anew."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import bubbles, faces, queries, reviewing, scheduling
from inbox.access import MemberRequest, member_required
from inbox.refusals import ReadOnly
from inbox.views.fragments import show, wants_fragment
from messaging.models import Message
from outbound.protocol import EntryState
from outbound.review import Action, NotOpen

SEND_NOW = "send_now"
# It has not left, and does not.
SETTLED = frozenset({EntryState.DISCARDED, EntryState.FAILED})


@require_POST
@member_required
def review(request: MemberRequest, message_id: int) -> HttpResponse:
    """Decide, or say that somebody has decided already; the bubble says what it came to."""
    action = request.POST.get("action", "")
    if action == SEND_NOW:
        return _send_now(request, message_id)
    if action not in set(Action):
        return HttpResponse(status=400)
    try:
        message = reviewing.decide(request.membership, message_id, Action(action))
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    except NotOpen as refusal:
        found = reviewing.message_or_404(request.membership, message_id)
        return _bubble(request, found, status=409, note=_note(action, refusal.state))
    return _bubble(request, message)


def _send_now(request: MemberRequest, message_id: int) -> HttpResponse:
    """What was scheduled leaves now; not a decision on what became of it, so audited apart."""
    found = reviewing.message_or_404(request.membership, message_id)
    try:
        message = scheduling.send_now(request.membership, found)
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    except NotOpen:
        return _bubble(request, found, status=409, note=_("This has been settled already."))
    return _bubble(request, message)


def _note(action: str, state: str) -> str:
    """Why there was nothing to decide; what is to be taken back may be on its way."""
    if action == Action.TAKE_BACK and state not in SETTLED:
        return _("Too late to take it back: it has left already.")
    return _("This has been settled already.")


def _bubble(
    request: MemberRequest, message: Message, *, status: int = 200, note: str = ""
) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=message.conversation_id)
    rows = queries.with_message_parts(Message.objects.filter(pk=message.pk))
    found = rows.select_related("conversation__contact").get()
    name = faces.contact_name(found.conversation.contact)
    reader = bubbles.Reader(user=request.membership.user, contact_name=name)
    context = {
        "bubble": bubbles.bubble_of(found, reader),
        "membership": request.membership,
        "note": note,
    }
    return show(request, "inbox/_message.html", context, status=status)
