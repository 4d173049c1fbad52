"""Every address of the web process, but for `/webhooks/`, which config/asgi.py routes before."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("inbox.urls")),
]
