"""What operators decide in the admin site and somebody must be able to look up afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inbox import audit, breakers, failures, outbox_admin
from messaging import dead_letters
from messaging.admin import DeadLetterAdmin
from messaging.models import DeadLetter, User
from outbound.models import Breaker, SendingPolicy
from outbound.template_admin import SendingPolicyAdmin

__all__ = ["outbox_admin"]

REASON = "in the admin site"

admin.site.unregister(DeadLetter)
admin.site.unregister(SendingPolicy)


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


@admin.register(DeadLetter)
class AuditedDeadLetterAdmin(DeadLetterAdmin):
    """The same list; what is decided there is audited, and one letter takes one press."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """With a button, for whoever may press it."""
        columns = list(super().get_list_display(request))
        return [*columns, "again"] if self.has_decide_permission(request) else columns

    @admin.display(description=_("Try again"))
    def again(self, letter: DeadLetter) -> str:
        """The button, where there is something to try."""
        if letter.state not in dead_letters.OPEN:
            return ""
        button = '<button class="button" name="again" value="{}">{}</button>'
        return format_html(button, letter.pk, _("Try again"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, or what a button of it asks for."""
        wanted = request.POST.get("again", "")
        if not wanted.isdecimal():
            return super().changelist_view(request, extra_context)
        if not self.has_decide_permission(request):
            raise PermissionDenied
        self.retry(request, self.get_queryset(request).filter(pk=int(wanted)))
        return redirect(request.get_full_path())

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


@admin.register(SendingPolicy)
class AuditedSendingPolicyAdmin(SendingPolicyAdmin):
    """The same; it decides who is written to without having agreed, and what may leave twice."""

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: SendingPolicy, form: Any, change: bool) -> None:
        """With what was changed, and to what."""
        super().save_model(request, obj, form, change)
        changed = [name for name in form.changed_data if name != "organization"]
        self._record(request, obj, {name: form.cleaned_data[name] for name in changed})

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: SendingPolicy) -> None:
        """From then on the installation's settings count."""
        self._record(request, obj, {"deleted": True})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[SendingPolicy]) -> None:
        """One after the other, so that each is written down."""
        for policy in queryset.order_by("pk"):
            self.delete_model(request, policy)

    def _record(self, request: HttpRequest, policy: SendingPolicy, details: dict[str, Any]) -> None:
        audit.record(
            policy.organization_id,
            "change_sending_policy",
            f"organization:{policy.organization_id}",
            by=_person(request),
            details=details,
        )


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
