"""Organisations, connections, channels and dead letters for operators."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from messaging.models import Channel, Connection, DeadLetter, Membership, Organization, Team


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "created_at"]
    readonly_fields = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """`manage.py setup` makes organisations, with all they need."""
        return False


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    """Secrets are neither shown nor entered here; `manage.py setup` takes them."""

    list_display = ["name", "kind", "slug", "organization", "adds_channels", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["organization"]
    fields = ["name", "base_url", "api_version", "adds_channels", "is_active"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A connection without its secrets would refuse every webhook."""
        return False


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    list_display = ["name", "external_id", "connection", "appeared_by_itself", "is_active"]
    list_filter = ["appeared_by_itself", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["name", "external_id"]
    fields = ["name", "display_number", "throughput", "is_active"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Channels come with their connection or from its webhooks."""
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ["user", "organization", "role", "sees_all_channels", "sees_all_teams"]
    list_filter = ["role", "organization"]
    list_select_related = ["user", "organization"]
    raw_id_fields = ["user"]


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ["name", "organization"]
    list_filter = ["organization"]


@admin.register(DeadLetter)
class DeadLetterAdmin(admin.ModelAdmin):
    """What was given up, and why; the delivery itself is kept untouched."""

    list_display = ["source", "code", "reason", "attempts", "first_at", "last_at", "state"]
    list_filter = ["source", "state", "code", "organization"]
    date_hierarchy = "last_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only failures make dead letters."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """They are evidence."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """They are evidence."""
        return False
