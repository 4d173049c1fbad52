from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.organization import Organization
from messaging.secrets import ConnectionSecrets, seal, unseal


class ProviderKind(models.TextChoices):
    CLOUD = "cloud", _("WhatsApp Cloud API")
    TWILIO = "twilio", _("Twilio")
    WAHA = "waha", _("WAHA")


class Connection(models.Model):
    """Our account at a provider: where its webhooks arrive and what proves them genuine.

    `/webhooks/<kind>/<slug>/` names it. Secrets are encrypted at rest and bound to this
    connection's kind and slug, so a ciphertext copied to another row does not open.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="connections"
    )
    kind = models.CharField(max_length=10, choices=ProviderKind.choices)
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    # The account's id at the provider: the WABA of the Cloud API, Twilio's AccountSid.
    account_id = models.CharField(max_length=120, blank=True, db_default="")
    base_url = models.URLField(blank=True)
    api_version = models.CharField(max_length=10, blank=True)
    sealed_secrets = models.TextField(blank=True)
    adds_channels = models.BooleanField(
        default=True,
        help_text=_("A number not seen before becomes a channel by itself; off: it is parked."),
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Serves the webhook's address.
            models.UniqueConstraint(fields=["kind", "slug"], name="connection_kind_slug_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"

    @property
    def secrets(self) -> ConnectionSecrets:
        """The decrypted secrets; empty ones before any were set."""
        return unseal(self.sealed_secrets, purpose=self._purpose)

    @secrets.setter
    def secrets(self, value: ConnectionSecrets) -> None:
        self.sealed_secrets = seal(value, purpose=self._purpose)

    @property
    def _purpose(self) -> str:
        return f"connection/{self.kind}/{self.slug}"
