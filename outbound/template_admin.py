"""Templates, consent and how organisations send, in the admin site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.connection_admin import ConnectionAdmin
from messaging.hints import hint
from messaging.models import Connection, ProviderKind
from outbound import template_sync
from outbound.models import Consent, MessageTemplate, SendingPolicy
from outbound.tasks import sync_due_templates

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]  # takes its parameter only in the stubs
else:
    _Base = admin.ModelAdmin


class ConnectionWithTemplates(ConnectionAdmin):
    """Connections, whose templates can be fetched from here."""

    actions = [*ConnectionAdmin.actions, "fetch_templates"]

    @admin.action(description=gettext_lazy("Fetch templates"), permissions=["change"])
    def fetch_templates(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        """As soon as the provider's budget of calls allows."""
        asked = rows.filter(kind=ProviderKind.CLOUD).exclude(account_id="")
        for connection in asked:
            sync = template_sync.ask(connection.pk)
            as_of = f"{sync.synced_at:%Y-%m-%d %H:%M} UTC" if sync.synced_at else _("never")
            said = _("%(name)s: templates will be fetched; so far as of %(as_of)s. %(error)s")
            words = {"name": connection.name, "as_of": as_of, "error": sync.error_title}
            self.message_user(request, (said % words).strip())
        if asked:
            hint(sync_due_templates, queue="background")
        for connection in rows.difference(asked):
            said = _("%(name)s has no WhatsApp account id, so it has no templates.")
            self.message_user(request, said % {"name": connection.name}, messages.WARNING)


class _ReadOnly(_Base):
    """Written by the program alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody makes one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is what was heard."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It stays."""
        return False


@admin.register(MessageTemplate)
class MessageTemplateAdmin(_ReadOnly):
    """What the provider says of templates; `synced_at` is as of when."""

    list_display = ["name", "language", "category", "status", "quality", "connection", "synced_at"]
    list_filter = ["status", "category", "connection"]
    list_select_related = ["connection"]
    search_fields = ["name"]


@admin.register(Consent)
class ConsentAdmin(_ReadOnly):
    """The ledger of consent."""

    list_display = ["contact", "action", "scope", "source", "channel", "at", "recorded_by"]
    list_filter = ["action", "scope", "source"]
    list_select_related = ["contact", "channel", "recorded_by"]


@admin.register(SendingPolicy)
class SendingPolicyAdmin(_Base):
    """How an organisation sends, where it differs from the installation."""

    list_display = ["organization", "consent_policy", "holds_unknown"]
    list_select_related = ["organization"]


admin.site.unregister(Connection)
admin.site.register(Connection, ConnectionWithTemplates)
