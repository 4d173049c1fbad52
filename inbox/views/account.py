"""Logging in and out, choosing an organisation, a new password."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from inbox import access
from inbox.forms import LoginForm, ResetForm
from inbox.logins import TooManyAttempts, log_in


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in_view(request: HttpRequest) -> HttpResponse:
    """The way in; one sentence for a wrong address and a wrong password alike."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_next(request))
    form = LoginForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _login_page(request, form)
    if not form.is_valid():
        return _login_page(request, form, status=422)
    try:
        user = log_in(request, **form.cleaned_data)
    except TooManyAttempts as refusal:
        minutes = max(refusal.seconds // 60, 1)
        form.add_error(
            None, _("Too many attempts. Wait %(minutes)d minutes.") % {"minutes": minutes}
        )
        return _login_page(request, form, status=429)
    if user is None:
        form.add_error(None, _("This email and password do not belong together."))
        return _login_page(request, form, status=422)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponseRedirect(_next(request))


def log_in_for_admin(request: HttpRequest) -> HttpResponse:
    """The admin's own login form knows no limit on tries, so its address leads to ours."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect_to_login(request.GET.get("next") or "/admin/")


@require_POST
def log_out_view(request: HttpRequest) -> HttpResponse:
    """End this session; its sockets close within seconds."""
    logout(request)
    return redirect("inbox:login")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organization_list(request: HttpRequest) -> HttpResponse:
    """Which organisation to look at, for people with several."""
    mine = list(access.memberships(request.user))
    if request.method == "POST":
        slug = request.POST.get("organization", "")
        if slug not in {membership.organization.slug for membership in mine}:
            raise Http404
        request.session[access.ORGANIZATION_KEY] = slug
        return redirect("inbox:conversation-list")
    return render(request, "inbox/organizations.html", {"memberships": mine})


class PasswordReset(auth_views.PasswordResetView):
    """Ask for a link; the answer is the same whether or not the address is known."""

    form_class = ResetForm
    template_name = "inbox/password_reset.html"
    email_template_name = "inbox/mail/password_reset.txt"
    subject_template_name = "inbox/mail/password_reset_subject.txt"
    success_url = reverse_lazy("inbox:password-reset-sent")


class PasswordResetSent(auth_views.PasswordResetDoneView):
    template_name = "inbox/password_reset_sent.html"


class PasswordResetConfirm(auth_views.PasswordResetConfirmView):
    template_name = "inbox/password_reset_confirm.html"
    success_url = reverse_lazy("inbox:password-reset-complete")


class PasswordResetComplete(auth_views.PasswordResetCompleteView):
    template_name = "inbox/password_reset_complete.html"


def _login_page(request: HttpRequest, form: LoginForm, status: int = 200) -> HttpResponse:
    asked = request.POST.get("next", request.GET.get("next", ""))
    return render(request, "inbox/login.html", {"form": form, "next": asked}, status=status)


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if safe else resolve_url(settings.LOGIN_REDIRECT_URL)
