"""Connections in the admin site: made, changed and tested; secrets go in and never come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.events import ConnectionChanged, announce
from messaging.models import Connection, ProviderKind
from messaging.probing import probe
from messaging.secrets import ConnectionSecrets, SecretsUnreadable

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    _Form = forms.ModelForm[Connection]  # takes its parameter only in the stubs
else:
    _Form = forms.ModelForm

SECRETS = tuple(field.name for field in msgspec.structs.fields(ConnectionSecrets))
# Without these a connection would refuse every webhook, or could not be asked anything.
REQUIRED = {
    ProviderKind.CLOUD: ("app_secret", "verify_token", "access_token"),
    ProviderKind.TWILIO: ("auth_token",),
    ProviderKind.WAHA: ("hmac_key", "api_key"),
}
MOST_TESTED = 10


def _secret(label: StrPromise) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        help_text=gettext_lazy("Stored encrypted and never shown; empty: unchanged."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ConnectionForm(_Form):
    """A connection and its secrets; a secret left empty stays as it is."""

    base_url = forms.URLField(
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("Of a WAHA server; empty for the provider's own address."),
    )
    app_secret = _secret(gettext_lazy("App secret (Cloud API; signs its webhooks)"))
    previous_app_secret = _secret(gettext_lazy("Previous app secret (while it is rotated)"))
    verify_token = _secret(gettext_lazy("Verify token (Cloud API)"))
    access_token = _secret(gettext_lazy("Access token (Cloud API)"))
    auth_token = _secret(gettext_lazy("Auth token (Twilio; signs its webhooks too)"))
    hmac_key = _secret(gettext_lazy("HMAC key (WAHA; signs its webhooks)"))
    api_key = _secret(gettext_lazy("API key (WAHA)"))

    class Meta:
        model = Connection
        fields = [
            "organization",
            "kind",
            "slug",
            "name",
            "account_id",
            "base_url",
            "api_version",
            "adds_channels",
            "is_active",
        ]

    def clean(self) -> dict[str, Any]:
        """What the provider needs is there, now or from before."""
        data = super().clean() or {}
        kind = data.get("kind") or self.instance.kind
        kept = self._kept()
        for name in REQUIRED.get(ProviderKind(kind), ()) if kind else ():
            if not data.get(name) and not getattr(kept, name):
                self.add_error(name, _("A connection of this kind needs it."))
        if kind == ProviderKind.TWILIO and not data.get("account_id"):
            self.add_error("account_id", _("The AccountSid, as the console shows it."))
        if kind == ProviderKind.WAHA and not data.get("base_url"):
            self.add_error("base_url", _("Where your WAHA server answers."))
        return data

    def save(self, commit: bool = True) -> Connection:
        """The connection with its secrets sealed for it."""
        kept = self._kept()
        given = {name: self.cleaned_data.get(name) or getattr(kept, name) for name in SECRETS}
        self.instance.secrets = ConnectionSecrets(**given)
        return super().save(commit)

    def _kept(self) -> ConnectionSecrets:
        try:
            return self.instance.secrets if self.instance.pk else ConnectionSecrets()
        except SecretsUnreadable:
            return ConnectionSecrets()


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    """Accounts at providers. Kind and slug name the webhook's address, so they stay."""

    form = ConnectionForm
    list_display = ["name", "kind", "slug", "organization", "adds_channels", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["organization"]
    actions = ["test"]
    fields = [*ConnectionForm.Meta.fields, "callback_url", *SECRETS]
    readonly_fields = ["callback_url"]

    def save_model(
        self, request: HttpRequest, obj: Connection, form: ConnectionForm, change: bool
    ) -> None:
        """Whoever waits for working credentials hears of them."""
        super().save_model(request, obj, form, change)
        announce(ConnectionChanged(connection_id=obj.pk))

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> list[str]:
        """Secrets are bound to kind and slug."""
        fixed = ["organization", "kind", "slug"] if obj else []
        return [*fixed, *self.readonly_fields]

    @admin.display(description=gettext_lazy("Callback URL"))
    def callback_url(self, connection: Connection) -> str:
        """What to enter at the provider."""
        if not connection.pk:
            return _("Shown once it is saved.")
        base = settings.PUBLIC_URL or "https://<your address>"
        return f"{base}/webhooks/{connection.kind}/{connection.slug}/"

    @admin.action(description=gettext_lazy("Test this connection"), permissions=["change"])
    def test(self, request: HttpRequest, rows: QuerySet[Connection]) -> None:
        """Ask the provider one harmless question; say what it answers."""
        for connection in rows[:MOST_TESTED]:
            verdict = probe(connection)
            level = messages.SUCCESS if verdict.is_good else messages.ERROR
            self.message_user(request, f"{connection.name}: {verdict.sentence}", level)

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """It would take its conversations along; switch it off instead."""
        return False
