from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models.message import Message
from messaging.models.organization import Organization


class MediaState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be fetched")
    FETCHING = "fetching", _("Being fetched")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed")


class Media(models.Model):
    """One file of a message: where the provider keeps it, and where we keep our copy.

    `waiting → fetching → stored | failed`; a failure that may pass goes back to `waiting` with a
    later `due_at`. `declared_…` and `mime_type` are the provider's word; `stored_mime_type`,
    `sha256` (hex) and `size_bytes` are of the stored bytes. A claim ends at `claimed_until`.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="media", db_index=False
    )
    position = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=12)
    provider_id = models.CharField(max_length=255, blank=True)
    url = models.TextField(blank=True)
    mime_type = models.CharField(max_length=120, blank=True)
    filename = models.CharField(max_length=255, blank=True)
    declared_sha256 = models.CharField(max_length=100, blank=True)
    declared_size_bytes = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=MediaState.choices, default=MediaState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    claim_token = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    file = models.CharField(max_length=255, blank=True)
    thumbnail = models.CharField(max_length=255, blank=True)
    stored_mime_type = models.CharField(max_length=120, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_title = models.TextField(blank=True)
    received_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = _("media files")
        constraints = [
            # Serves the files of a message; a repeated delivery adds none.
            models.UniqueConstraint(fields=["message", "position"], name="media_position_unique"),
        ]
        indexes = [
            # Serves the claim of what is due.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["waiting", "fetching"]),
                name="media_due",
            ),
        ]

    def __str__(self) -> str:
        return f"media {self.pk} ({self.state})"
