"""`POST /triage/`: everything that is done to conversations from the list and the thread's head."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from inbox import (
    access,
    following,
    profiles,
    screens,
    triage,
    triage_targets,
    triage_tools,
    triage_words,
    undoing,
)
from inbox.access import MemberRequest, member_required
from inbox.refusals import Invalid, ReadOnly
from inbox.views.fragments import show, wants_fragment

if TYPE_CHECKING:
    from inbox.triage import Performed

LARGEST = 10_000
# The parameter that `do` ends in, as one button can say only one thing.
VALUES = {
    "assign": "assignee",
    "team": "team",
    "priority": "priority",
    "label_add": "label",
    "label_remove": "label",
    "snooze": "until",
}
# After these the conversation is done with for now.
LEAVING = {"resolve", "snooze"}


@require_POST
@member_required
def act(request: MemberRequest) -> HttpResponse:
    """Do `action` (or `do`, as `action:value`) to `ids`; then to `next`, or parts of the page.

    409 says who was first, 422 what is wrong; nothing was done then.
    """
    form = _asked(request.POST)
    goes_on = _goes_on(request, form)
    try:
        performed = _perform(request, form)
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    except Invalid as refusal:
        [sentence, *_others] = [text for texts in refusal.errors.values() for text in texts]
        return _answer(request, form, toast={"words": sentence, "tone": "danger"}, status=422)
    zone = triage_targets.zone(form.get("tz", ""))
    toast = {
        "words": triage_words.said(performed, zone),
        "icon": "alert" if performed.is_lost else triage_words.ICONS[performed.action],
        "undo": undoing.seal(performed.steps),
        "tone": "danger" if performed.is_lost else "",
    }
    status = 409 if performed.is_lost else 200
    news = _news(request, performed, goes_on)
    return _answer(request, form, toast=toast, status=status, news=news)


@require_GET
@member_required
def tools(request: MemberRequest, conversation_id: int) -> HttpResponse:
    """The menus of a thread's head, for a page whose conversation somebody else has changed."""
    found = screens.conversation_for_thread(request.membership, conversation_id)
    url = following.own_url(request, request.GET.get("next", ""))
    context = _tools(request, found.pk, url)
    return show(request, "inbox/_thread_tools.html", context)


def _asked(post: QueryDict) -> QueryDict:
    """The form with `do` taken apart."""
    form = post.copy()
    action, _colon, value = form.get("do", "").partition(":")
    if action:
        form["action"] = action
    if action in VALUES and _colon:
        form[VALUES[action]] = value
    return form


def _perform(request: MemberRequest, form: QueryDict) -> Performed:
    if form.get("action") == "undo":
        steps = undoing.unseal(form.get("undo", ""))
        if not steps:
            raise Invalid({"undo": [_("It is too late to undo this.")]})
        return triage.undo(request.membership, steps)
    ids = [int(each) for each in form.getlist("ids") if access.is_number(each)]
    if len(ids) > LARGEST:
        raise Invalid({"ids": [_("At most %(most)d at once.") % {"most": LARGEST}]})
    # Any: a form's last values.
    params: dict[str, Any] = form.dict()
    return triage.perform_many(request.membership, form.get("action", ""), ids, params)


def _goes_on(request: MemberRequest, form: QueryDict) -> str:
    """Where the agent goes from the open conversation: the next of its list; "" to stay."""
    thread, action = form.get("thread", ""), form.get("action", "")
    if not access.is_number(thread) or action not in LEAVING:
        return ""
    if form.get("then") != "next" and not profiles.profile_of(request.user).opens_next:
        return ""
    return following.after(request, int(thread))


def _news(request: MemberRequest, performed: Performed, goes_on: str) -> dict[str, Any]:
    """What the browser has to do besides: leave for another conversation, show it unread, or
    look again, since it showed what was so no longer.
    """
    if performed.is_lost:
        return {"live:poll": {}}
    if performed.action == "unread" and performed.changed:
        return {"triage:unread": {"ids": performed.changed}}
    if performed.action == "undo" and len(set(performed.asked)) == 1:
        return {"triage:go": {"url": reverse("inbox:conversation", args=[performed.asked[0]])}}
    if goes_on and performed.changed:
        return {"triage:go": {"url": goes_on}}
    return {}


def _answer(
    request: MemberRequest,
    form: QueryDict,
    *,
    toast: dict[str, str],
    status: int,
    news: dict[str, Any] | None = None,
) -> HttpResponse:
    news = news or {}
    url = following.own_url(request, form.get("next", ""))
    if not wants_fragment(request):
        level = messages.ERROR if toast.get("tone") else messages.SUCCESS
        messages.add_message(request, level, toast["words"], extra_tags=toast.get("undo", ""))
        return redirect(_destination(request, form, url, news))
    context: dict[str, Any] = {"toast": toast, "membership": request.membership, "is_answer": True}
    thread = form.get("thread", "")
    if access.is_number(thread):
        try:
            context |= _tools(request, int(thread), url)
        except Http404:
            news = {"triage:go": {"url": reverse("inbox:conversation-list")}}
    response = show(request, "inbox/_triage_answer.html", context, status=status)
    if news:
        response["HX-Trigger-After-Swap"] = json.dumps(news)
    return response


def _destination(request: MemberRequest, form: QueryDict, url: str, news: dict[str, Any]) -> str:
    """Where a page without JavaScript goes: never to a conversation that is not to be seen now."""
    if go := news.get("triage:go"):
        return str(go["url"])
    news = {name: each for name, each in news.items() if name != "live:poll"}
    thread = form.get("thread", "")
    listed = reverse("inbox:conversation-list")
    if not access.is_number(thread):
        return url or listed
    if news or not access.conversations(request.membership).filter(pk=int(thread)).exists():
        return listed
    return url or reverse("inbox:conversation", args=[int(thread)])


def _tools(request: MemberRequest, conversation_id: int, url: str) -> dict[str, Any]:
    found = screens.conversation_for_thread(request.membership, conversation_id)
    return {
        "conversation": found,
        "membership": request.membership,
        **triage_tools.tools_context(
            request.membership,
            found,
            next_url=url or reverse("inbox:conversation", args=[found.pk]),
        ),
    }
