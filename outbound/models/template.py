from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from messaging.models import Connection


class MessageTemplate(models.Model):
    """A text that the provider has approved, or not: its cache of what the provider says.

    Statuses, qualities and categories are the provider's own words. `is_stale`: only a part is
    known, or something changed that news do not carry, so it is to be fetched again.
    `coming_category` is what the provider has announced and not done yet.
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
    # Null while it has never been seen to change.
    status_changed_at = models.DateTimeField(null=True, blank=True)
    former_category = models.CharField(max_length=40, blank=True, db_default="")
    coming_category = models.CharField(max_length=40, blank=True, db_default="")
    category_changed_at = models.DateTimeField(null=True, blank=True)
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


class TemplateSync(models.Model):
    """When a connection's templates were fetched, and when they may be fetched next.

    One process at a time fetches, until `claimed_until`. `retry_at` keeps the provider's budget
    of calls: nothing is asked before it. `asked_at`: a person wants them fetched.
    """

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="template_sync"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(db_default=Now())
    template_count = models.PositiveIntegerField(default=0, db_default=0)
    failures = models.PositiveIntegerField(default=0, db_default=0)
    error_code = models.CharField(max_length=20, blank=True, db_default="")
    error_title = models.TextField(blank=True, db_default="")

    def __str__(self) -> str:
        return f"template sync of connection {self.connection_id}"
