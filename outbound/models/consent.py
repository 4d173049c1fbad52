from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, Contact, Message, Organization


class ConsentPolicy(models.TextChoices):
    """For which messages a contact must have said yes."""

    EVERY_MESSAGE = "every_message", _("Every message outside the window, and every template")
    TEMPLATES = "templates", _("Every template")
    MARKETING = "marketing", _("Marketing templates")


class ConsentScope(models.TextChoices):
    ALL = "all", _("All messages")
    MARKETING = "marketing", _("Offers")


class ConsentAction(models.TextChoices):
    GRANTED = "granted", _("Granted")
    REVOKED = "revoked", _("Revoked")


class Consent(models.Model):
    """One line of the ledger of what a contact has allowed; never changed, never deleted.

    The newest line of a scope counts. `at` is when the contact said it, `proof` how that can be
    shown: the words they wrote, the address of a form, a reference.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="consents")
    # Null: on every channel.
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    action = models.CharField(max_length=8, choices=ConsentAction.choices)
    scope = models.CharField(max_length=10, choices=ConsentScope.choices, default=ConsentScope.ALL)
    source = models.CharField(max_length=40)
    proof = models.TextField(blank=True)
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            # Serves repetition: a message of the contact is heard as one word of consent.
            models.UniqueConstraint(
                fields=["message", "scope"],
                condition=models.Q(message__isnull=False),
                name="consent_message_unique",
            ),
        ]
        indexes = [
            # Serves the check before sending: the newest line of each scope.
            models.Index(fields=["contact", "scope", "-at"], name="consent_newest"),
        ]

    def __str__(self) -> str:
        return f"consent {self.pk} ({self.scope} {self.action})"


class SendingPolicy(models.Model):
    """How an organisation sends; without a row the installation's settings count.

    `resend_classes` are message classes that may be sent once more by themselves when nobody
    knows whether they left (never marketing). `holds_unknown` keeps a lane closed until a
    person has decided.
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="sending_policy"
    )
    consent_policy = models.CharField(
        max_length=14, choices=ConsentPolicy.choices, blank=True, db_default=""
    )
    resend_classes = models.JSONField(default=list, blank=True)
    holds_unknown = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name_plural = _("sending policies")

    def __str__(self) -> str:
        return f"sending policy of {self.organization_id}"
