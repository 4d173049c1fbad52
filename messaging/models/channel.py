from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.connection import Connection
from messaging.models.organization import Organization


class Courtesy(models.TextChoices):
    """When the customer is told that somebody reads or writes."""

    NEVER = "never", _("Never")
    ON_OPEN = "on_open", _("When an agent opens the conversation")
    ON_REPLY = "on_reply", _("When an agent answers")


class Channel(models.Model):
    """One address of ours: a business number that customers write to.

    `external_id` is the provider's own name for it: the phone_number_id of the Cloud API,
    the digits of a Twilio sender, the session's name in WAHA.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="channels"
    )
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="channels")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=120)
    display_number = models.CharField(max_length=40, blank=True)
    appeared_by_itself = models.BooleanField(default=False)
    # Messages a second the provider allows, in and out together.
    # Source: Cloud API, "Throughput": 80 by default.
    throughput = models.PositiveIntegerField(default=80)
    # The provider's own words for the state of the address; "" until it has said something.
    health = models.CharField(max_length=40, blank=True, db_default="")
    quality = models.CharField(max_length=20, blank=True, db_default="")
    messaging_limit = models.CharField(max_length=40, blank=True, db_default="")
    verified_name = models.CharField(max_length=120, blank=True, db_default="")
    read_receipts = models.CharField(
        max_length=8,
        choices=Courtesy.choices,
        default=Courtesy.NEVER,
        db_default=Courtesy.NEVER.value,
    )
    typing_indicator = models.CharField(
        max_length=8,
        choices=Courtesy.choices,
        default=Courtesy.NEVER,
        db_default=Courtesy.NEVER.value,
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Serves routing of webhook items.
            models.UniqueConstraint(
                fields=["connection", "external_id"], name="channel_external_id_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name
