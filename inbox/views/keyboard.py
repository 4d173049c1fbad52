"""The keys: a sheet that tells them, a page that changes them, and whom the palette finds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from inbox import keyboards, keys, palette, screens
from inbox.access import MemberRequest, member_required
from inbox.views.fragments import show, wants_fragment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

FIELD = "key-"


@require_GET
@member_required
def sheet(request: MemberRequest) -> HttpResponse:
    """All keys by group: as a fragment for the dialog, or as a page."""
    if wants_fragment(request):
        context = {"sheet": keyboards.sheet_of(request.membership.user)}
        return show(request, "inbox/_keys_sheet.html", context)
    return _page(request, "inbox/keys_help.html")


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def settings(request: MemberRequest) -> HttpResponse:
    """Other keys, none at all, or the usual ones again."""
    if request.method != "POST":
        return _page(request, "inbox/keys.html")
    user = request.membership.user
    if "usual" in request.POST:
        keyboards.keep(user, {}, has_singles=True)
        notices.success(request, _("The keys are the usual ones again."))
        return redirect("inbox:keys")
    given = _given(request.POST)
    choice = keys.choose(given)
    has_singles = "has_single_keys" in request.POST
    if choice.errors:
        sheet = replace(keyboards.sheet_of(user), has_singles=has_singles)
        typed = {"sheet": sheet, "typed": given, "errors": choice.errors}
        return _page(request, "inbox/keys.html", status=422, **typed)
    keyboards.keep(user, choice.kept, has_singles=has_singles)
    notices.success(request, _("Kept. It counts from the next page on."))
    return redirect("inbox:keys")


@require_GET
@member_required
def goals(request: MemberRequest) -> HttpResponse:
    """`?q=`: people to jump to, as options of the palette's list."""
    found = palette.goals(request.membership, request.GET.get("q", ""))
    return show(request, "inbox/_palette_goals.html", {"goals": found})


def _given(fields: QueryDict) -> Mapping[str, str]:
    names = [name for name in fields if name.startswith(FIELD)]
    return {name.removeprefix(FIELD): str(fields[name])[:40] for name in names}


def _page(request: MemberRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        **screens.frame_context(request.membership, view="all", region="desk"),
        "page": "keys",
        "sheet": keyboards.sheet_of(request.membership.user),
        **more,
    }
    return show(request, template, context, status=status)
