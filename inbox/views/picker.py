"""The template picker: a fragment of the thread, or its page; sending is the reply use case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from inbox import access, picker_files, picking, replies, screens
from inbox.access import MemberRequest, member_required
from inbox.reading import mark_read
from inbox.refusals import ConsentNeeded, TemplateUnfit
from inbox.views import composer
from inbox.views.fragments import show, wants_fragment
from locking.errors import LeaseHeld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from messaging.models import Conversation

PREVIEW = "picker-preview"
SENT_EVENT = "picker:sent"
EXPECTED = (replies.ReadOnly, replies.IdReused, replies.GoesOn, ConsentNeeded, LeaseHeld)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def picker(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Show the templates and the form of the chosen one, or send it as filled in."""
    found = screens.conversation_for_thread(request.membership, conversation_id)
    if request.method != "POST":
        return _shown(request, found, _given(request.GET))
    given = _given(request.POST)
    template = picking.chosen_of(picking.choices(found), given)
    if template is None:
        said = _("This template cannot be sent any more. Choose another one.")
        return _refused(request, found, given, 422, {"": [said]})
    try:
        given = picker_files.kept(request.membership, template, given, request.FILES)
        message, _created = replies.send_reply(
            request.membership, found.pk, _reply(template, given)
        )
    except (replies.Invalid, TemplateUnfit) as refusal:
        return _refused(request, found, given, 422, refusal.errors)
    except replies.Unseen as refusal:
        head = max(message.seq for message in refusal.messages)
        given = {**given, "seen_seq": str(head)}
        return _refused(request, found, given, 409, {"": [unseen_sentence(len(refusal.messages))]})
    except EXPECTED as refusal:
        status, sentence = composer.sentence_of(refusal)
        return _refused(request, found, given, status, {"": [sentence]})
    mark_read(request.membership.user, message.conversation, seq=_number(given) or 0)
    return _sent(request, message.conversation_id)


def _given(fields: Any) -> dict[str, str]:
    return {name: str(value)[:4096] for name, value in fields.items()}


def _number(given: Mapping[str, str]) -> int | None:
    seen = given.get("seen_seq", "")
    return int(seen) if access.is_number(seen) else None


def _reply(template: Any, given: Mapping[str, str]) -> replies.Reply:
    asked = {
        "name": template.name,
        "language": template.language,
        "parameters": picking.parameters_of(template, given),
    }
    return replies.Reply(
        client_message_id=given.get("client_message_id", ""),
        kind="template",
        content={"template": asked},
        seen_seq=_number(given),
    )


def unseen_sentence(count: int) -> str:
    """How many messages arrived while a form was filled in."""
    return ngettext(
        "Not sent: %(count)d message arrived meanwhile. Read it, then send again.",
        "Not sent: %(count)d messages arrived meanwhile. Read them, then send again.",
        count,
    ) % {"count": count}


def _refused(
    request: MemberRequest,
    found: Conversation,
    given: dict[str, str],
    status: int,
    errors: dict[str, list[str]],
) -> HttpResponse:
    return _shown(request, found, given, status=status, errors=errors)


def _shown(
    request: MemberRequest,
    found: Conversation,
    given: dict[str, str],
    *,
    status: int = 200,
    errors: dict[str, list[str]] | None = None,
) -> HttpResponse:
    shown = picking.picker_of(found, given, errors=errors)
    asked = _general(shown, errors or {})
    if wants_fragment(request):
        context = screens.picker_context(request.membership, found, shown)
        is_preview = request.headers.get("HX-Target") == PREVIEW and not errors
        template = "inbox/_picker_preview.html" if is_preview else "inbox/_picker.html"
        context |= {"seen_seq": _number(given) or found.head_seq, "picker_errors": asked}
        return show(request, template, context, status=status)
    context = {
        **screens.frame_context(request.membership, view="all", region="thread"),
        **screens.list_context(request.membership, view="all", selected=found.pk),
        **screens.thread_context(request.membership, found),
        "picker": shown,
        "picker_errors": asked,
    }
    return show(request, "inbox/inbox.html", context, status=status)


def _general(shown: picking.Picker, errors: Mapping[str, list[str]]) -> list[str]:
    """What stands beside no field."""
    fields = shown.picked.fields if shown.picked else ()
    placed = {message for field in fields for message in field.errors}
    return [each for messages in errors.values() for each in messages if each not in placed]


def _sent(request: MemberRequest, conversation_id: int) -> HttpResponse:
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=conversation_id)
    found = screens.conversation_for_thread(request.membership, conversation_id)
    context = screens.picker_context(request.membership, found)
    context["was_sent"] = True
    response = show(request, "inbox/_picker.html", context)
    response["HX-Trigger"] = SENT_EVENT
    return response
