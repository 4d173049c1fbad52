from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from messaging.models import Channel, Connection, Contact


class Bucket(models.Model):
    """What one number may still send, while Redis does not answer (outbound/limits/rates.py).

    Times are seconds since 1970 by the database clock: `next_at` is the first place that nobody
    has, `owed` are inbound messages not yet deducted, `factor` is how far the provider's
    throttles have lowered the `rate`, as of `factor_at`. One row a channel, written all the time,
    so it is narrow and nothing refers to it.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    next_at = models.FloatField()
    owed = models.FloatField(default=0)
    factor = models.FloatField(default=1)
    factor_at = models.FloatField()
    cut_at = models.FloatField(default=0)
    rate = models.FloatField()

    def __str__(self) -> str:
        return f"bucket of channel {self.channel_id}"


class LimiterBackend(models.TextChoices):
    REDIS = "redis", "Redis"
    POSTGRES = "postgres", "Postgres"


class Limiter(models.Model):
    """Which store counts permits now, for every process alike; the only row is the truth.

    `retry_at`: when one process, by a conditional update, asks Redis again; `retry_seconds`
    grows while Redis comes and goes.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    backend = models.CharField(
        max_length=8, choices=LimiterBackend.choices, default=LimiterBackend.REDIS
    )
    since = models.DateTimeField(db_default=Now())
    retry_at = models.DateTimeField(db_default=Now())
    retry_seconds = models.FloatField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="limiter_single"),
        ]

    def __str__(self) -> str:
        return f"limits are counted in {self.backend}"


class Start(models.Model):
    """When we last wrote to a contact outside the window, where the provider counts such people.

    Source: Cloud API, "Messaging limits": different users outside the window in 24 hours.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "contact"], name="start_unique"),
        ]
        indexes = [
            # Serves the count of the last 24 hours.
            models.Index(fields=["connection", "at"], name="start_recent"),
        ]

    def __str__(self) -> str:
        return f"contact {self.contact_id} was written to first"
