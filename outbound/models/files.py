from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, Media, Organization


class Upload(models.Model):
    """A file that an agent or a program gave us, before it belongs to a message.

    Checked and stored; `kind` is the kind of message it can be sent as. When it is sent, the
    message gets a Media row of its own for the same stored file.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    kind = models.CharField(max_length=12)
    mime_type = models.CharField(max_length=120)
    filename = models.CharField(max_length=255, blank=True)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    file = models.CharField(max_length=255)
    thumbnail = models.CharField(max_length=255, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # Serves the sweep of what nobody sent.
            models.Index(
                fields=["created_at"],
                condition=models.Q(used_at__isnull=True),
                name="upload_unused",
            ),
        ]

    def __str__(self) -> str:
        return f"upload {self.pk} ({self.kind})"


class ProviderFileState(models.TextChoices):
    WAITING = "waiting", _("Waiting to be uploaded")
    READY = "ready", _("Uploaded")
    FAILED = "failed", _("Given up")


class ProviderFile(models.Model):
    """A file of ours on its way to a channel's provider, then there under its id until it expires.

    `waiting → ready | failed`; whoever uploads holds it by `claim_token` until `due_at`, so what
    a killed process had is due again by itself. `was_renewed`: the provider did not know its
    own id once, so the file was uploaded again; that happens once.
    Source: Cloud API, "Media › Upload": ids live 30 days and belong to one number.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+", db_index=False)
    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="provider_files")
    state = models.CharField(
        max_length=8,
        choices=ProviderFileState.choices,
        default=ProviderFileState.WAITING,
        db_default=ProviderFileState.WAITING.value,
    )
    provider_id = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_default=Now())
    claim_token = models.UUIDField(null=True, blank=True)
    was_renewed = models.BooleanField(default=False, db_default=False)
    # One of our own words (`outbound.words.OWN_CODES`), and the provider's sentence.
    error_code = models.CharField(max_length=20, blank=True, db_default="")
    error_title = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            # Serves the request of an attempt.
            models.UniqueConstraint(fields=["channel", "media"], name="provider_file_unique"),
        ]
        indexes = [
            # Serves the claim of what is due.
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="provider_file_due",
            ),
        ]

    def __str__(self) -> str:
        return f"provider file {self.pk} ({self.state})"
