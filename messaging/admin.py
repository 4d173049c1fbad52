"""Organisations, connections, channels and dead letters for operators."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from messaging import connection_admin, dead_letters, downloads
from messaging.models import (
    Channel,
    DeadLetter,
    InboundEvent,
    Media,
    Membership,
    Organization,
    Team,
    User,
)

__all__ = ["connection_admin"]


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "created_at"]
    readonly_fields = ["slug"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """`manage.py setup` makes organisations, with all they need."""
        return False


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    list_display = ["name", "external_id", "connection", "appeared_by_itself", "is_active"]
    list_filter = ["appeared_by_itself", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["name", "external_id"]
    fields = [
        "name",
        "display_number",
        "throughput",
        "read_receipts",
        "typing_indicator",
        "is_active",
    ]

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


@admin.register(InboundEvent)
class InboundEventAdmin(admin.ModelAdmin):
    """A delivery as it came; read, never changed."""

    list_display = ["id", "connection", "received_at", "state", "finished_at", "pruned_at"]
    list_filter = ["state", "connection"]
    list_select_related = ["connection"]
    show_full_result_count = False
    fields = ["connection", "received_at", "state", "finished_at", "pruned_at", "content"]
    readonly_fields = ["content"]

    @admin.display(description=_("Body"))
    def content(self, event: InboundEvent) -> str:
        """The raw body as text; empty once it was pruned."""
        return format_html("<pre>{}</pre>", bytes(event.body).decode("utf-8", "replace"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only webhooks bring them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: InboundEvent | None = None) -> bool:
        """They are evidence."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: InboundEvent | None = None) -> bool:
        """They are evidence."""
        return False


@admin.register(DeadLetter)
class DeadLetterAdmin(admin.ModelAdmin):
    """What could not be done, and why; the delivery itself is kept untouched."""

    list_display = ["id", "source", "code", "reason", "attempts", "first_at", "last_at", "state"]
    list_filter = ["state", "source", "code", "organization"]
    list_select_related = ["organization"]
    date_hierarchy = "last_at"
    actions = ["retry", "discard"]
    fields = [
        "organization", "source", "channel", "delivery", "position", "media", "code", "reason",
        "attempts", "first_at", "last_at", "state", "due_at", "closed_at", "closed_by",
        "readable_payload", "readable_stack",
    ]  # fmt: skip
    readonly_fields = ["delivery", "readable_payload", "readable_stack"]

    @admin.display(description=_("Delivery"))
    def delivery(self, letter: DeadLetter) -> str:
        """A link to the delivery it came in."""
        if letter.event_id is None:
            return ""
        address = reverse("admin:messaging_inboundevent_change", args=[letter.event_id])
        return format_html('<a href="{}">{}</a>', address, letter.event_id)

    @admin.display(description=_("Payload"))
    def readable_payload(self, letter: DeadLetter) -> str:
        """The item as JSON."""
        text = json.dumps(letter.payload, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.display(description=_("Stack"))
    def readable_stack(self, letter: DeadLetter) -> str:
        """Where the code stood when it failed."""
        return format_html("<pre>{}</pre>", letter.stack)

    @admin.action(description=_("Retry selected dead letters"), permissions=["decide"])
    def retry(self, request: HttpRequest, rows: QuerySet[DeadLetter]) -> None:
        """Try again what is open among them."""
        count = dead_letters.retry(rows.values_list("pk", flat=True))
        self.message_user(request, _("%(count)d dead letters are tried again.") % {"count": count})

    @admin.action(description=_("Discard selected dead letters"), permissions=["decide"])
    def discard(self, request: HttpRequest, rows: QuerySet[DeadLetter]) -> None:
        """Close what is open among them; the letter keeps by whom."""
        by = request.user if isinstance(request.user, User) else None
        count = dead_letters.discard(rows.values_list("pk", flat=True), by=by)
        self.message_user(request, _("%(count)d dead letters are discarded.") % {"count": count})

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may retry and discard; nobody edits."""
        return request.user.has_perm("messaging.change_deadletter")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only failures make dead letters."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """They are evidence."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DeadLetter | None = None) -> bool:
        """They are evidence."""
        return False


@admin.register(Media)
class MediaAdmin(admin.ModelAdmin):
    """Files of messages; what was given up can be asked for again."""

    list_display = ["id", "organization", "kind", "state", "attempts", "error_code", "received_at"]
    list_filter = ["state", "kind", "error_code", "organization"]
    list_select_related = ["organization"]
    actions = ["fetch_again"]

    @admin.action(description=_("Fetch again"), permissions=["decide"])
    def fetch_again(self, request: HttpRequest, rows: QuerySet[Media]) -> None:
        """From the beginning, with all tries."""
        count = downloads.retry(rows.values_list("pk", flat=True))
        self.message_user(request, _("%(count)d files wait to be fetched.") % {"count": count})

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change files, though nobody does by hand."""
        return request.user.has_perm("messaging.change_media")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Files come with messages."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Media | None = None) -> bool:
        """Their states are the downloads' to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Media | None = None) -> bool:
        """They go with their message."""
        return False
