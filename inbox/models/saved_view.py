from __future__ import annotations

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """Filters of the list under a name; everybody's where it has no owner.

    `filters` are the list's own parameters: `{"label": "3", "assignee": "me"}`.
    """

    organization = models.ForeignKey(
        "messaging.Organization", on_delete=models.CASCADE, related_name="saved_views"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="saved_views",
    )
    name = models.CharField(max_length=60)
    filters = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "owner", "name"],
                name="saved_view_name_unique",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name
