from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SendKey(models.TextChoices):
    ENTER = "enter", _("Enter sends")
    MOD_ENTER = "mod_enter", _("Ctrl+Enter sends")


class RingsFor(models.TextChoices):
    MINE = "mine", _("In conversations assigned to me")
    UNASSIGNED = "unassigned", _("In mine and in unassigned ones")
    NONE = "none", _("Never")


class AgentProfile(models.Model):
    """How one person likes to work, wherever they log in; theme and density are the browser's."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="profile",
    )
    language = models.CharField(max_length=10, blank=True)
    send_key = models.CharField(max_length=10, choices=SendKey.choices, default=SendKey.ENTER)
    opens_next = models.BooleanField(default=True)
    has_sound = models.BooleanField(default=True)
    has_notifications = models.BooleanField(default=False)
    # Which customers' messages ring; a colleague who names one always does.
    rings_for = models.CharField(
        max_length=10,
        choices=RingsFor.choices,
        default=RingsFor.UNASSIGNED,
        db_default=RingsFor.UNASSIGNED,
    )
    # Whether notifications, which others may see on a screen, say how a message begins.
    shows_words = models.BooleanField(default=True, db_default=True)
    # Whether replies from the composer wait `UNDO_SECONDS`, so that they can be taken back.
    has_undo = models.BooleanField(default=True, db_default=True)
    # Hours of the browser's day in which nothing rings; the same twice means never.
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    # Keys unlike the usual ones: an action's name to its stroke, empty where it is turned off.
    keys = models.JSONField(default=dict, db_default={}, blank=True)
    # Letters alone do things; off for whoever speaks to their computer or has it read aloud.
    has_single_keys = models.BooleanField(default=True, db_default=True)

    def __str__(self) -> str:
        return f"profile of {self.pk}"
