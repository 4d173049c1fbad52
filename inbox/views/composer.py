"""The composer: one POST, answered as a bubble, a guard, or a sentence; without JS, as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from inbox import access, bubbles, faces, profiles, queries, replies, reply_files, screens, words
from inbox.access import MemberRequest, member_required
from inbox.forms import ONCE, ReplyForm
from inbox.reading import mark_read
from inbox.refusals import ConsentNeeded
from inbox.views.fragments import show, wants_fragment
from locking.errors import LeaseHeld
from messaging.models import Message

if TYPE_CHECKING:
    from django.forms import Form

    from messaging.models import Conversation


EXPECTED = (
    replies.ReadOnly,
    replies.IdReused,
    replies.GoesOn,
    replies.WindowClosed,
    ConsentNeeded,
    LeaseHeld,
)


@require_POST
@member_required
def reply(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Send what the agent wrote, or say in one sentence why not and keep every word."""
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return refused(request, conversation_id, 422, errors=errors_of(form))
    try:
        message, _created = reply_files.send(
            request.membership,
            conversation_id,
            _reply(request, form.cleaned_data),
            request.FILES.getlist("file"),
        )
    except replies.Invalid as refusal:
        return refused(request, conversation_id, 422, errors=refusal.errors)
    except replies.Unseen as refusal:
        return refused(request, conversation_id, 409, unseen=refusal.messages)
    except LeaseHeld as refusal:
        return refused(request, conversation_id, 409, held=refusal)
    except EXPECTED as refusal:
        status, sentence = sentence_of(refusal)
        return refused(request, conversation_id, status, errors={"text": [sentence]})
    mark_read(request.membership.user, message.conversation, seq=form.cleaned_data["seen_seq"] or 0)
    return _sent(request, message)


def _reply(request: MemberRequest, fields: dict[str, Any]) -> replies.Reply:
    kind, content = reply_files.described(fields)
    return replies.Reply(
        kind=kind,
        content=content,
        client_message_id=fields["client_message_id"],
        text=fields["text"],
        reply_to=fields["reply_to"],
        seen_seq=fields["seen_seq"],
        override=frozenset(fields["override"].split()),
        lease_token=fields["lease_token"],
        send_at=fields["send_at"],
        hold_seconds=0 if kind == "reaction" else profiles.undo_seconds(request.membership.user),
        is_composed=bool(fields["text"].strip()),
    )


def sentence_of(refusal: Exception) -> tuple[int, str]:
    """The status and the words of a refusal that names no field."""
    if isinstance(refusal, replies.ReadOnly):
        return 403, _("You can read along; your role does not reply.")
    if isinstance(refusal, LeaseHeld):
        name = str(refusal.by)
        return 409, _("%(name)s is replying here. Your text is kept.") % {"name": name}
    if isinstance(refusal, ConsentNeeded):
        return 422, words.error_sentence(refusal.code, "")
    if isinstance(refusal, replies.GoesOn):
        return 409, _(
            "This contact was merged with another one. Reload the page: it goes on there."
        )
    if isinstance(refusal, replies.WindowClosed):
        return 422, _(
            "The 24-hour window is closed: WhatsApp takes free text only within 24 hours after "
            "the customer's last message."
        )
    return 409, _("This was sent already, with another text. Send it as a new message.")


def _sent(request: MemberRequest, message: Message) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=message.conversation_id)
    return bubble(request, message, status=201)


def bubble(request: MemberRequest, message: Message, *, status: int = 200) -> HttpResponse:
    """A message as its author sees it."""
    message = queries.with_message_parts(Message.objects.filter(pk=message.pk)).get()
    contact = message.conversation.contact
    reader = bubbles.Reader(user=request.membership.user, contact_name=faces.contact_name(contact))
    context = {"bubble": bubbles.bubble_of(message, reader), "membership": request.membership}
    return show(request, "inbox/_message.html", context, status=status)


def refused(
    request: MemberRequest,
    conversation_id: int,
    status: int,
    *,
    errors: dict[str, list[str]] | None = None,
    unseen: tuple[Message, ...] = (),
    held: LeaseHeld | None = None,
) -> HttpResponse:
    """What was not written, and why; as a page with every word still in the composer."""
    found = screens.conversation_for_thread(request.membership, conversation_id)
    refusal = {**_refusal_context(request, found, errors, unseen), **_against(request, held)}
    if wants_fragment(request):
        template = "inbox/_guard.html" if unseen else "inbox/_refusal.html"
        template = "inbox/_held.html" if held else template
        return show(request, template, refusal, status=status)
    context = {
        **screens.frame_context(request.membership, view="all", region="thread"),
        **screens.list_context(request.membership, view="all", selected=found.pk),
        **screens.thread_context(request.membership, found),
        **refusal,
    }
    return show(request, "inbox/inbox.html", context, status=status)


def _refusal_context(
    request: MemberRequest,
    found: Conversation,
    errors: dict[str, list[str]] | None,
    unseen: tuple[Message, ...],
) -> dict[str, Any]:
    quoted_id = request.POST.get("reply_to", "")
    quoted = None
    if access.is_number(quoted_id):
        union = screens.union_of(request.membership, found)
        seen = access.messages(request.membership, *union.all)
        quoted = seen.filter(pk=int(quoted_id)).first()
    name = faces.contact_name(found.contact)
    return {
        "unseen": [
            {"message": message, "author": str(message.author or "") or name} for message in unseen
        ],
        "unseen_head": max((message.seq for message in unseen), default=0),
        "conversation": found,
        **screens.composer_context(
            found,
            text=request.POST.get("text", "").replace("\r\n", "\n"),
            errors=errors,
            quoted=quoted,
            client_message_id=request.POST.get("client_message_id", "")[:64],
        ),
        "mode": "note" if request.path.endswith("/note/") else "reply",
    }


def _against(request: MemberRequest, held: LeaseHeld | None) -> dict[str, Any]:
    """Who holds the lease, and what the agent has answered to a refusal already."""
    overrides = set(request.POST.get("override", "").split())
    return {
        "held": held,
        "override_unseen": " ".join(name for name in ONCE if name in {*overrides, "unseen"}),
        "override_held": " ".join(name for name in ONCE if name in {*overrides, "takeover"}),
    }


def errors_of(form: Form) -> dict[str, list[str]]:
    """What is wrong with a form, by field."""
    return {name: [str(message) for message in found] for name, found in form.errors.items()}
