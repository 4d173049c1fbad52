"""Forms that compose other kinds of messages than text, in the composer's place."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from inbox import access, choice_forms, compose_forms, replies, screens
from inbox.access import MemberRequest, member_required
from inbox.reading import mark_read
from inbox.views import composer, picker
from inbox.views.fragments import show, wants_fragment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from messaging.models import Conversation

PREVIEW, FIELDS = "compose-preview", "compose-fields"


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def compose(request: MemberRequest, conversation_id: int, what: str) -> HttpResponse:
    """Show the form as filled in so far, or send what it makes."""
    if what not in compose_forms.KINDS:
        raise Http404
    found = screens.conversation_for_thread(request.membership, conversation_id)
    if request.method != "POST":
        return _shown(request, found, what, _given(request.GET))
    given = _given(request.POST)
    try:
        reply = _reply(compose_forms.composed(what, given, {}), given)
        message, _created = replies.send_reply(request.membership, found.pk, reply)
    except replies.Invalid as refusal:
        return _shown(request, found, what, given, status=422, errors=refusal.errors)
    except replies.Unseen as refusal:
        head = max(message.seq for message in refusal.messages)
        said = {"": [picker.unseen_sentence(len(refusal.messages))]}
        given = {**given, "seen_seq": str(head)}
        return _shown(request, found, what, given, status=409, errors=said)
    except composer.EXPECTED as refusal:
        status, sentence = composer.sentence_of(refusal)
        return _shown(request, found, what, given, status=status, errors={"": [sentence]})
    mark_read(request.membership.user, message.conversation, seq=_number(given, "seen_seq") or 0)
    return _sent(request, message.conversation_id)


def _given(fields: Any) -> dict[str, str]:
    return {name: str(value)[:4096] for name, value in fields.items()}


def _number(given: Mapping[str, str], name: str) -> int | None:
    value = given.get(name, "")
    return int(value) if access.is_number(value) else None


def _reply(form: compose_forms.Composed, given: Mapping[str, str]) -> replies.Reply:
    is_reaction = form.kind == "reaction"
    return replies.Reply(
        client_message_id=given.get("client_message_id", ""),
        kind=form.kind,
        content=form.content,
        reply_to=_number(given, "message"),
        # A reaction answers one message, whatever came after it.
        seen_seq=None if is_reaction else _number(given, "seen_seq"),
    )


def _shown(
    request: MemberRequest,
    found: Conversation,
    what: str,
    given: dict[str, str],
    *,
    status: int = 200,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> HttpResponse:
    form = compose_forms.composed(what, given, errors or {})
    own = {
        "compose": form,
        "compose_kind": compose_forms.KINDS[what],
        "compose_what": what,
        "compose_shapes": choice_forms.SHAPES.items(),
        "compose_given": given,
        "compose_errors": compose_forms.general(form, errors or {}),
        "compose_id": given.get("client_message_id", "")[:64] or str(uuid.uuid4()),
        "seen_seq": _number(given, "seen_seq") or found.head_seq,
    }
    if wants_fragment(request):
        context = screens.picker_context(request.membership, found) | own
        part = {PREVIEW: "_compose_preview", FIELDS: "_compose_parts"}
        name = part.get(request.headers.get("HX-Target", ""), "_compose")
        return show(request, f"inbox/{name}.html", context, status=status)
    context = {
        **screens.frame_context(request.membership, view="all", region="thread"),
        **screens.list_context(request.membership, view="all", selected=found.pk),
        **screens.thread_context(request.membership, found),
        **own,
    }
    return show(request, "inbox/inbox.html", context, status=status)


def _sent(request: MemberRequest, conversation_id: int) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=conversation_id)
    found = screens.conversation_for_thread(request.membership, conversation_id)
    context = screens.picker_context(request.membership, found)
    response = show(request, "inbox/_picker.html", context)
    response["HX-Trigger"] = picker.SENT_EVENT
    return response
