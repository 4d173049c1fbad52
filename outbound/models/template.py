from __future__ import annotations

from django.db import models

from messaging.models import Connection


class MessageTemplate(models.Model):
    """A text that the provider has approved, or not: its cache of what the provider says.

    Statuses, qualities and categories are the provider's own words. `is_stale`: only a part is
    known, or something changed that news do not carry, so it is to be fetched again.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="templates")
    provider_id = models.CharField(max_length=64)
    name = models.CharField(max_length=512, blank=True, db_default="")
    language = models.CharField(max_length=20, blank=True, db_default="")
    category = models.CharField(max_length=40, blank=True, db_default="")
    status = models.CharField(max_length=40, blank=True, db_default="")
    quality = models.CharField(max_length=20, blank=True, db_default="")
    reason = models.TextField(blank=True, db_default="")
    parameter_format = models.CharField(max_length=12, blank=True, db_default="")
    components = models.JSONField(default=list, blank=True)
    is_stale = models.BooleanField(default=True)
    updated_at = models.DateTimeField()
    # When the provider was last asked, "as of"; null where it was only heard of.
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves news, which name a template by its id at the provider.
            models.UniqueConstraint(
                fields=["connection", "provider_id"], name="message_template_unique"
            ),
        ]
        indexes = [
            # Serves what is sent, which names a template by name and language.
            models.Index(fields=["connection", "name", "language"], name="message_template_name"),
        ]

    def __str__(self) -> str:
        return f"template {self.name} ({self.language})"
