"""The person behind a conversation: ids, who they may also be, what they were merged from."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from inbox import access, consents, contacts, queries, screens
from inbox.access import MemberRequest, member_required
from inbox.forms import ConsentForm
from inbox.views.fragments import show, wants_fragment
from messaging.models import Contact
from outbound.models import ConsentAction


@require_GET
@member_required
def panel(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The contact beside a conversation; as a page with the list and the conversation."""
    membership = request.membership
    found = screens.conversation_for_thread(membership, conversation_id)
    context = screens.contact_context(membership, found)
    if wants_fragment(request):
        return show(request, "inbox/_contact.html", context)
    page = {
        **screens.frame_context(membership, view="all", region="thread"),
        **screens.list_context(membership, view="all", selected=found.pk),
        **screens.thread_context(membership, found),
        **context,
        "view": queries.VIEWS["all"],
    }
    return show(request, "inbox/inbox.html", page)


@require_GET
@member_required
def contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Where one talks with this person: their newest conversation."""
    found = access.contact_or_404(request.membership, contact_id)
    return _back(request, found)


@require_POST
@member_required
def merge(request: MemberRequest, suggestion_id: int) -> HttpResponse:
    """They are one person."""
    return _back(request, contacts.accept(request.membership, suggestion_id))


@require_POST
@member_required
def reject(request: MemberRequest, suggestion_id: int) -> HttpResponse:
    """They are not."""
    contact = contacts.reject(request.membership, suggestion_id)
    return _back(request, contact)


@require_POST
@member_required
def undo(request: MemberRequest, merge_id: int) -> HttpResponse:
    """They were not, after all."""
    return _back(request, contacts.part(request.membership, merge_id))


@require_POST
@member_required
def consent(request: MemberRequest, contact_id: int) -> HttpResponse:
    """They agreed to be written to, or do not want it any more."""
    found = access.contact_or_404(request.membership, contact_id)
    form = ConsentForm(request.POST)
    if not request.membership.replies:
        raise PermissionDenied
    if form.is_valid():
        action = ConsentAction(form.cleaned_data["action"])
        note = consents.Note(action=action, proof=form.cleaned_data["proof"])
        consents.note(request.membership, found.pk, note)
    return _back(request, found)


def _back(request: MemberRequest, contact: Contact) -> HttpResponse:
    """The conversation one came from, which may go on elsewhere; else the person's newest."""
    came_from = request.POST.get("conversation", "")
    if access.is_number(came_from):
        seen = access.conversations(request.membership).filter(pk=int(came_from))
        if seen.exists():
            return redirect("inbox:conversation", conversation_id=int(came_from))
    place = contacts.place_of(request.membership, contact)
    if place is None:
        return redirect("inbox:conversation-list")
    return redirect("inbox:conversation", conversation_id=place.pk)
