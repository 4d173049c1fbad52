from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a process that works by itself last said that it is alive, by the database's clock.

    `gap_at` is when it came back after having been silent for more than a minute.
    """

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()
    gap_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
