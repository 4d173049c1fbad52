"""What operators decide in the admin site and somebody must be able to look up afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inbox import breakers, failures, outbox_admin
from messaging.admin import DeadLetterAdmin
from messaging.models import DeadLetter, User
from outbound.models import Breaker

__all__ = ["outbox_admin"]

REASON = "in the admin site"

admin.site.unregister(DeadLetter)


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@admin.register(DeadLetter)
class AuditedDeadLetterAdmin(DeadLetterAdmin):
    """The same list; what is decided there is audited."""

    @admin.action(description=_("Retry selected dead letters"), permissions=["decide"])
    def retry(self, request: HttpRequest, rows: QuerySet[DeadLetter]) -> None:
        """Try again what is open among them."""
        count = failures.retry(rows.values_list("pk", flat=True), by=_person(request))
        self.message_user(request, _("%(count)d dead letters are tried again.") % {"count": count})

    @admin.action(description=_("Discard selected dead letters"), permissions=["decide"])
    def discard(self, request: HttpRequest, rows: QuerySet[DeadLetter]) -> None:
        """Close what is open among them; the letter keeps by whom."""
        ids = rows.values_list("pk", flat=True)
        count = failures.discard(ids, by=_person(request), reason=REASON)
        self.message_user(request, _("%(count)d dead letters are discarded.") % {"count": count})


@admin.register(Breaker)
class BreakerAdmin(admin.ModelAdmin):
    """Numbers, connections and hosts that failed, and a person's word over them."""

    list_display = [
        "scope", "channel", "connection", "state", "reason_code", "failures", "opened_at",
        "retry_at", "override", "override_by",
    ]  # fmt: skip
    list_filter = ["state", "override"]
    list_select_related = ["channel", "connection", "override_by"]
    actions = ["hold_back", "let_pass", "lift"]

    @admin.action(description=_("Pause sending, until lifted"), permissions=["decide"])
    def hold_back(self, request: HttpRequest, rows: QuerySet[Breaker]) -> None:
        """Open, whatever is observed."""
        self._decide(request, rows, "open")

    @admin.action(description=_("Send whatever is observed, until lifted"), permissions=["decide"])
    def let_pass(self, request: HttpRequest, rows: QuerySet[Breaker]) -> None:
        """Closed, whatever is observed."""
        self._decide(request, rows, "closed")

    @admin.action(description=_("Lift: go by what is observed"), permissions=["decide"])
    def lift(self, request: HttpRequest, rows: QuerySet[Breaker]) -> None:
        """Nobody's word any more."""
        self._decide(request, rows, "none")

    def _decide(self, request: HttpRequest, rows: QuerySet[Breaker], word: str) -> None:
        for breaker in rows.order_by("pk"):
            breakers.decide_for_all(breaker, word, by=_person(request))
        self.message_user(request, _("Done, and written into the audit trail."))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whether the person may override; nobody edits."""
        return request.user.has_perm("outbound.change_breaker")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Failures make breakers, and decisions of the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The rows are what was observed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A breaker that closed does no harm."""
        return False
