"""Alerts for operators."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from alerts.models import Alert


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):
    list_display = ["title", "kind", "severity", "organization", "state", "opened_at"]
    list_filter = ["state", "kind", "severity"]
    list_select_related = ["organization"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rules open alerts and resolve them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        """Rules open alerts and resolve them."""
        return False
