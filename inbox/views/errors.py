"""Pages for what went wrong, in plain words; JSON for those who asked for JSON."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

API = "/api/"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was too old or came from elsewhere; nothing was saved."""
    return _show(request, "inbox/csrf.html", 403, _("This form was too old."))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _show(request, "400.html", 400, _("Bad request."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _show(request, "403.html", 403, _("Not allowed."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: gone, never there, or not yours; the same answer for all three."""
    return _show(request, "404.html", 404, _("Not found."))


def server_error(request: HttpRequest) -> HttpResponse:
    """500: ours; the page needs neither database nor session."""
    return _show(request, "500.html", 500, _("Something broke on our side."))


def _show(request: HttpRequest, template: str, status: int, detail: str) -> HttpResponse:
    if request.path.startswith(API):
        return JsonResponse({"detail": detail}, status=status)
    return render(request, template, status=status)
