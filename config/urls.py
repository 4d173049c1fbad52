"""Every address of the web process, but for `/webhooks/`, which config/asgi.py routes before."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config import assets
from inbox.views.account import log_in_for_admin

STATIC = f"/{settings.STATIC_URL.strip('/')}"

urlpatterns = [
    # One way in, with one limit on tries.
    path("admin/login/", log_in_for_admin),
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon, such as the admin site's.
    path("favicon.ico", RedirectView.as_view(url=f"{STATIC}/favicon.svg")),
    # A page of before an update, or of a process that has it already, gets what is here.
    re_path(
        rf"^static/(?!{settings.STATIC_VERSION}/){assets.PATTERN}/(?P<path>[\w./-]+)$",
        RedirectView.as_view(url=f"{STATIC}/%(path)s"),
    ),
    path("", include("inbox.urls")),
]

handler400 = "inbox.views.errors.bad_request"
handler403 = "inbox.views.errors.forbidden"
handler404 = "inbox.views.errors.not_found"
handler500 = "inbox.views.errors.server_error"
