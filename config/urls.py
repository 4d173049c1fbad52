"""Every address of the web process, but for `/webhooks/`, which config/asgi.py routes before."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from inbox.views.account import log_in_for_admin

urlpatterns = [
    # One way in, with one limit on tries.
    path("admin/login/", log_in_for_admin),
    path("admin/", admin.site.urls),
    # Asked for by browsers on pages that name no icon, such as the admin site's.
    path("favicon.ico", RedirectView.as_view(url=f"/{settings.STATIC_URL.strip('/')}/favicon.svg")),
    path("", include("inbox.urls")),
]

handler400 = "inbox.views.errors.bad_request"
handler403 = "inbox.views.errors.forbidden"
handler404 = "inbox.views.errors.not_found"
handler500 = "inbox.views.errors.server_error"
