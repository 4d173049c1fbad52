"""Internal notes: one POST, answered with the note's bubble; and who can be named in one."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from inbox import access, mentions, notes
from inbox.access import MemberRequest, member_required
from inbox.forms import NoteForm
from inbox.refusals import IdReused, Invalid, ReadOnly
from inbox.views import composer
from inbox.views.fragments import wants_fragment


@require_POST
@member_required
def note(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Keep what the agent remarks; a refusal keeps every word in the composer."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return composer.refused(request, conversation_id, 422, errors=composer.errors_of(form))
    fields = form.cleaned_data
    given = notes.Note(
        client_message_id=fields["client_message_id"],
        text=fields["text"],
        mentions=tuple(fields["mentions"]),
        is_composed=True,
    )
    try:
        message, _created = notes.add(request.membership, conversation_id, given)
    except Invalid as refusal:
        return composer.refused(request, conversation_id, 422, errors=refusal.errors)
    except (ReadOnly, IdReused) as refusal:
        status, sentence = composer.sentence_of(refusal)
        return composer.refused(request, conversation_id, status, errors={"text": [sentence]})
    if not wants_fragment(request):
        return redirect("inbox:conversation", conversation_id=message.conversation_id)
    return composer.bubble(request, message, status=201)


@require_GET
@member_required
def people(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """Who sees the conversation, for `@`."""
    found = access.conversation_or_404(request.membership, conversation_id)
    everybody = mentions.who_sees(found)
    others = [user for user in everybody if user.pk != request.membership.user_id]
    answer = JsonResponse({"results": [{"id": user.pk, "name": str(user)} for user in others]})
    answer["Cache-Control"] = "no-store"
    return answer
