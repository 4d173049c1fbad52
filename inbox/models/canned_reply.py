from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower


class CannedReply(models.Model):
    """A text prepared for many conversations, called up by `/shortcut`.

    Everybody's where it has no owner. `{{contact.name}}` and the like are filled when it is used.
    """

    organization = models.ForeignKey(
        "messaging.Organization", on_delete=models.CASCADE, related_name="canned_replies"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    shortcut = models.CharField(max_length=40)
    title = models.CharField(max_length=80, blank=True)
    text = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            # Serves finding one by what was typed; a person's own stands beside the shared one.
            models.UniqueConstraint(
                "organization",
                "owner",
                Lower("shortcut"),
                name="canned_reply_shortcut_unique",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"/{self.shortcut}"
