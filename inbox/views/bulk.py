"""Acts on a row of the list, and on all that a list holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages as notices
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from inbox import access, bulk, triage
from inbox.access import MemberRequest, member_required
from inbox.filters import parse
from inbox.refusals import Invalid, ReadOnly
from inbox.views.fragments import wants_fragment
from inbox.views.saved_views import listed

if TYPE_CHECKING:
    from inbox.filters import Filters

# What a row's own buttons do without asking further.
ROW_PARAMS: dict[str, dict[str, str]] = {
    "resolve": {},
    "reopen": {},
    "claim": {},
    "snooze": {"until": "tomorrow"},
}


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def everything(request: MemberRequest) -> HttpResponse:
    """GET: how many conversations the list of the query holds. POST: one act on all of them.

    The list is in `filters` (a query); `action` and its parameters are those of `triage.perform`.
    A browser that shows how far it is sends `after` and gets one batch at a time:
    `{changed, seen, after}`, the last one with `after` null.
    """
    if request.method != "POST":
        found = bulk.count(request.membership, parse(dict(request.GET.lists())))
        why = bulk.too_many() if found > bulk.MOST else ""
        return JsonResponse({"count": min(found, bulk.MOST), "too_many": why})
    filters = listed(request.POST)
    try:
        if wants_fragment(request):
            return _batch(request, filters)
        changed = bulk.everything(request.membership, filters, _action(request), _params(request))
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    except Invalid as refusal:
        return _refused(request, refusal)
    told = ngettext("%(count)d conversation changed.", "%(count)d conversations changed.", changed)
    notices.success(request, told % {"count": changed})
    return redirect(_next(request))


@require_POST
@member_required
def row(request: MemberRequest) -> HttpResponse:
    """`do`: an action and the row's id, "resolve:12"; one button can say no more without JS."""
    action, _colon, number = request.POST.get("do", "").partition(":")
    if action not in ROW_PARAMS or not access.is_number(number):
        raise Http404
    try:
        done = triage.perform(request.membership, action, [int(number)], ROW_PARAMS[action])
    except ReadOnly as refusal:
        raise PermissionDenied from refusal
    if done.is_lost:
        [winner] = done.lost.values()
        notices.warning(request, _("%(name)s was first.") % {"name": winner})
    return redirect(_next(request))


def _batch(request: MemberRequest, filters: Filters) -> HttpResponse:
    after = request.POST.get("after", "0")
    if not access.is_number(after):
        raise Http404
    if after == "0":
        bulk.check_size(bulk.count(request.membership, filters))
    done = bulk.batch(
        request.membership, filters, _action(request), _params(request), after=int(after)
    )
    return JsonResponse({"seen": done.seen, "changed": done.changed, "after": done.after})


def _refused(request: MemberRequest, refusal: Invalid) -> HttpResponse:
    sentences = [sentence for each in refusal.errors.values() for sentence in each]
    if wants_fragment(request):
        return JsonResponse({"errors": sentences}, status=422)
    for sentence in sentences:
        notices.error(request, sentence)
    return redirect(_next(request))


def _action(request: MemberRequest) -> str:
    return request.POST.get("action", "")


def _params(request: MemberRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in request.POST if name != "held_by"}


def _next(request: MemberRequest) -> str:
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure()):
        return asked
    return reverse("inbox:conversation-list")
