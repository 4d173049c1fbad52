from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from messaging.models import Channel, Connection, Organization


class QuotaPeriod(models.TextChoices):
    DAY = "day", _("Day")
    MONTH = "month", _("Month")


class Quota(models.Model):
    """How many messages an organisation may send in a period (UTC), and has sent.

    `limit` null is no limit. The counting is done where it is fast and written back here, so
    that an emptied Redis forgets at most a few.
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="quotas", db_index=False
    )
    period = models.CharField(max_length=5, choices=QuotaPeriod.choices)
    limit = models.BigIntegerField(null=True, blank=True)
    used = models.BigIntegerField(default=0, db_default=0)
    period_start = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "period"], name="quota_unique"),
        ]

    def __str__(self) -> str:
        return f"quota of {self.organization_id} by {self.period}"


class BreakerState(models.TextChoices):
    CLOSED = "closed", _("Closed")
    OPEN = "open", _("Open")
    HALF_OPEN = "half_open", _("Half open")


class Breaker(models.Model):
    """Whether we send through one number, connection or host at all; the row is the truth.

    `scope` is `channel:<id>`, `connection:<id>` or `host:<name>`. `retry_at`: when one process,
    by a conditional update, may probe with a GET. `closed_at`: when it last let messages pass
    again. An `override` (a state that a person has set)
    wins over what was observed.
    """

    scope = models.CharField(max_length=200, unique=True)
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.CASCADE, related_name="breakers"
    )
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.CASCADE, related_name="breakers"
    )
    state = models.CharField(
        max_length=9, choices=BreakerState.choices, default=BreakerState.CLOSED
    )
    reason_code = models.CharField(max_length=20, blank=True, db_default="")
    failures = models.PositiveIntegerField(default=0, db_default=0)
    window_started_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    override = models.CharField(
        max_length=9, choices=BreakerState.choices, blank=True, db_default=""
    )
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    override_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"breaker {self.scope} ({self.override or self.state})"
