"""The person behind a conversation: what is noted of them, and whether we talk to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from inbox import access, blocking, consents, contacts, describing, panels, screens
from inbox.access import MemberRequest, member_required
from inbox.cursors import BadCursor
from inbox.forms import ConsentForm
from inbox.refusals import Invalid, ReadOnly
from inbox.views.fragments import show, wants_fragment
from outbound.models import ConsentAction

if TYPE_CHECKING:
    from collections.abc import Callable

    from messaging.models import Contact, Conversation


@require_GET
@member_required
def panel(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The contact beside a conversation; as a page with the list and the conversation."""
    found = screens.conversation_for_thread(request.membership, conversation_id)
    place = panels.Place(
        episodes=request.GET.get("episodes", ""), files=request.GET.get("files", "")
    )
    return _panel(request, found, place)


@require_GET
@member_required
def contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Where one talks with this person: their newest conversation."""
    found = access.contact_or_404(request.membership, contact_id)
    return _back(request, found)


@require_POST
@member_required
def rename(request: MemberRequest, contact_id: int) -> HttpResponse:
    """What the team calls them."""
    name = request.POST.get("name", "")
    trial = panels.Trial(section="head", sentences=(), name=name)
    return _edit(
        request,
        contact_id,
        lambda: describing.rename(request.membership, contact_id, name),
        trial=trial,
    )


@require_POST
@member_required
def detail(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Add a detail, change it, call it something else, or drop it."""
    former, name, value = (request.POST.get(key, "") for key in ("former", "name", "value"))
    trial = panels.Trial(section="details", sentences=(), former=former, name=name, value=value)

    def change() -> Contact:
        if request.POST.get("action") == "remove":
            return describing.describe(request.membership, contact_id, {}, without=[former])
        return describing.note(request.membership, contact_id, former, name, value)

    return _edit(request, contact_id, change, trial=trial)


@require_POST
@member_required
def block(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Hear of them no more, or again."""
    is_blocked = request.POST.get("action") != "unblock"

    def change() -> Contact:
        return blocking.set_blocked(request.membership, contact_id, is_blocked=is_blocked)

    trial = panels.Trial(section="head", sentences=())
    return _edit(request, contact_id, change, trial=trial, template="inbox/_contact_changed.html")


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


def _edit(
    request: MemberRequest,
    contact_id: int,
    change: Callable[[], Contact],
    *,
    trial: panels.Trial,
    template: str = "inbox/_contact.html",
) -> HttpResponse:
    """Carry out a change and show the panel again; refused, with what was typed and why."""
    try:
        contact, refused = change(), None
    except ReadOnly as error:
        raise PermissionDenied from error
    except Invalid as refusal:
        contact, refused = access.contact_or_404(request.membership, contact_id), refusal
    came_from = _came_from(request) or contacts.place_of(request.membership, contact)
    if came_from is None:
        return redirect("inbox:contact-list")
    found = screens.conversation_for_thread(request.membership, came_from.pk)
    if refused is not None:
        sentences = tuple(each for said in refused.errors.values() for each in said)
        tried = panels.Trial(
            section=trial.section,
            sentences=sentences,
            former=trial.former,
            name=trial.name,
            value=trial.value,
        )
        return _panel(request, found, panels.Place(trial=tried), status=422)
    if wants_fragment(request):
        return _panel(request, found, panels.Place(), template=template)
    address = reverse("inbox:conversation-contact", args=[found.pk])
    return redirect(f"{address}#contact-{trial.section}")


def _panel(
    request: MemberRequest,
    found: Conversation,
    place: panels.Place,
    *,
    status: int = 200,
    template: str = "inbox/_contact.html",
) -> HttpResponse:
    membership = request.membership
    try:
        context = panels.context_of(membership, found, place)
    except BadCursor as error:
        raise Http404 from error
    if wants_fragment(request):
        return show(request, template, context, status=status)
    page: dict[str, Any] = {
        **screens.frame_context(membership, region="thread"),
        **screens.list_context(membership, selected=found.pk),
        **screens.thread_context(membership, found),
        **context,
    }
    return show(request, "inbox/inbox.html", page, status=status)


def _came_from(request: MemberRequest) -> Conversation | None:
    number = request.POST.get("conversation", "")
    if not access.is_number(number):
        return None
    return access.conversations(request.membership).filter(pk=int(number)).first()


def _back(request: MemberRequest, contact: Contact) -> HttpResponse:
    """The conversation one came from, which may go on elsewhere; else the person's newest."""
    place = _came_from(request) or contacts.place_of(request.membership, contact)
    if place is None:
        return redirect("inbox:conversation-list")
    return redirect("inbox:conversation", conversation_id=place.pk)
