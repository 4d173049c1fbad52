"""How somebody likes to work: one form."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from inbox import profiles, screens
from inbox.access import MemberRequest, member_required
from inbox.preference_forms import ProfileForm


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def profile(request: MemberRequest) -> HttpResponse:
    """One's own preferences."""
    kept = profiles.profile_of(request.membership.user)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=kept)
    if request.method == "POST" and form.is_valid():
        language = form.save().language or translation.get_language_from_request(request)
        with translation.override(language):
            notices.success(request, _("Kept. It counts from the next page on."))
        return redirect("inbox:profile")
    context = {
        **screens.frame_context(request.membership, view="all", region="desk"),
        "page": "profile",
        "form": form,
        "undo_seconds": settings.UNDO_SECONDS,
    }
    status = 422 if form.errors else 200
    return render(request, "inbox/profile.html", context, status=status)
