"""Entries of the outbox in the admin site: read, and answered for like in the conversation."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inbox import reviewing
from messaging.models import Message, User
from outbound.models import OutboxEntry, SendAttempt
from outbound.review import Action


class AttemptInline(admin.TabularInline):
    """What was tried, and what became of it."""

    model = SendAttempt
    exclude = ["channel", "token", "provider_id"]
    readonly_fields = [
        "attempt_id", "state", "started_at", "dispatched_at", "finished_at", "http_status",
        "error_code", "error_title", "error_details",
    ]  # fmt: skip
    ordering = ["pk"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Attempts are made by the dispatch."""
        return False


@admin.register(OutboxEntry)
class OutboxEntryAdmin(admin.ModelAdmin):
    """One message to leave, with its attempts; nobody edits."""

    list_display = [
        "id", "message_id", "organization", "channel", "state", "message_class", "attempt_count",
        "due_at", "finished_at", "was_resent", "sent_twice_at",
    ]  # fmt: skip
    list_filter = [
        "state", "message_class", ("sent_twice_at", admin.EmptyFieldListFilter), "was_resent",
        "channel", "organization",
    ]  # fmt: skip
    list_select_related = ["organization", "channel"]
    search_fields = ["=message__id"]
    search_help_text = _("The number of a message")
    show_full_result_count = False
    ordering = ["-pk"]
    exclude = ["message", "conversation"]
    readonly_fields = ["message_id", "conversation_id"]
    inlines = [AttemptInline]
    actions = ["send_again", "mark_sent", "discard"]

    @admin.action(description=_("Send selected messages again"), permissions=["decide"])
    def send_again(self, request: HttpRequest, rows: QuerySet[OutboxEntry]) -> None:
        """As an attempt of its own, at the end of its conversation's lane."""
        self._decide(request, rows, Action.SEND_AGAIN)

    @admin.action(description=_("Mark selected messages as sent"), permissions=["decide"])
    def mark_sent(self, request: HttpRequest, rows: QuerySet[OutboxEntry]) -> None:
        """Somebody has seen that they left."""
        self._decide(request, rows, Action.MARK_SENT)

    @admin.action(description=_("Discard selected messages"), permissions=["decide"])
    def discard(self, request: HttpRequest, rows: QuerySet[OutboxEntry]) -> None:
        """They are given up."""
        self._decide(request, rows, Action.DISCARD)

    def _decide(self, request: HttpRequest, rows: QuerySet[OutboxEntry], action: Action) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the site lets nobody else in
        messages = Message.objects.filter(pk__in=rows.values("message")).order_by("pk")
        count = reviewing.decide_as_operator(request.user, messages, action)
        self.message_user(
            request, _("%(count)d messages were open, and are settled.") % {"count": count}
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may answer for messages; nobody edits."""
        return request.user.has_perm("outbound.change_outboxentry")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Entries come with messages."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their states are the protocol's to change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They go with their message."""
        return False
