"""Who works here, and the links that let others in."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from inbox import access, invitations, screens
from inbox.access import MemberRequest, manager_required, member_required
from inbox.forms import AcceptForm, InvitationForm
from messaging.models import Invitation, User

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def member_list(request: MemberRequest) -> HttpResponse:
    """Members and open invitations; owners and admins invite."""
    manager_required(request.membership)
    form = InvitationForm(
        request.POST if request.method == "POST" else None, membership=request.membership
    )
    if request.method == "POST" and form.is_valid() and _invited(request, form):
        return redirect("inbox:member-list")
    status = 422 if form.errors else 200
    return render(request, "inbox/members.html", _context(request, form), status=status)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The invited person becomes a member: with a new account, or the one of this address."""
    try:
        invitation = invitations.find(token)
        if User.objects.filter(email__iexact=invitation.email).exists():
            return _accept_with_account(request, invitation, token)
        return _accept_with_new_account(request, invitation, token)
    except invitations.InvitationGone:
        return render(request, "inbox/invitation_gone.html", status=404)


def _invited(request: MemberRequest, form: InvitationForm) -> bool:
    email = form.cleaned_data["email"]
    try:
        token = invitations.invite(request.membership, **form.cleaned_data)
    except invitations.AlreadyMember:
        form.add_error("email", _("This person is a member already."))
        return False
    link = _absolute(request, reverse("inbox:invitation", args=[token]))
    try:
        invitations.send_invitation(request.membership, email=email, link=link)
    except OSError:
        logger.exception("invitation not mailed")
        form.add_error("email", _("The mail could not be sent. Try again in a minute."))
        return False
    notices.success(request, _("Invitation sent to %(email)s.") % {"email": email})
    return True


def _accept_with_account(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    user = request.user
    fits = isinstance(user, User) and user.email.lower() == invitation.email.lower()
    if request.method == "POST" and fits:
        assert isinstance(user, User)  # noqa: S101 - said by `fits`
        membership = invitations.accept_as(token, user)
        request.session[access.ORGANIZATION_KEY] = membership.organization.slug
        return redirect("inbox:conversation-list")
    context = {"invitation": invitation, "fits": fits, "has_account": True}
    return render(request, "inbox/invitation.html", context)


def _accept_with_new_account(
    request: HttpRequest, invitation: Invitation, token: str
) -> HttpResponse:
    form = AcceptForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        user = invitations.accept_as_new(token, **form.cleaned_data)
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        request.session[access.ORGANIZATION_KEY] = invitation.organization.slug
        return redirect("inbox:conversation-list")
    status = 422 if form.errors else 200
    context = {"invitation": invitation, "form": form, "has_account": False}
    return render(request, "inbox/invitation.html", context, status=status)


def _context(request: MemberRequest, form: InvitationForm) -> dict[str, Any]:
    organization = request.membership.organization
    return {
        **screens.frame_context(request.membership, view="all", region="desk"),
        "page": "members",
        "form": form,
        "members": organization.memberships.select_related("user").order_by("user__name", "pk"),
        "invitations": organization.invitations.filter(
            accepted_at=None, expires_at__gt=timezone.now()
        ).order_by("-pk"),
    }


def _absolute(request: HttpRequest, path: str) -> str:
    return (
        f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    )
