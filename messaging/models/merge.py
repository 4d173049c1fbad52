from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from messaging.models.contact import Contact
from messaging.models.organization import Organization


class ContactMerge(models.Model):
    """The journal of merges: `source` became a part of `target`, and can be parted again.

    `identity_ids` and `contact_ids` are what moved: ids of the source, and contacts that had
    been merged into it before. Messages never move.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges_away")
    target = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    reason = models.CharField(max_length=200)
    identity_ids = models.JSONField(default=list)
    contact_ids = models.JSONField(default=list)
    # Fields of the target's rows that the merge changed, as they were and became.
    carried = models.JSONField(default=dict)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    merged_at = models.DateTimeField(db_default=Now())
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # A contact is a part of one other at most.
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(undone_at__isnull=True),
                name="contact_merge_running_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"merge {self.pk}"


class SuggestionState(models.TextChoices):
    OPEN = "open", _("Open")
    MERGED = "merged", _("Merged")
    REJECTED = "rejected", _("Not the same person")


class MergeSuggestion(models.Model):
    """Two contacts that may be one person: a webhook named ids of both in one message."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=SuggestionState.choices, db_default=SuggestionState.OPEN
    )
    suggested_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # A pair is suggested once; `contact` is the smaller id.
            models.UniqueConstraint(fields=["contact", "other"], name="merge_suggestion_unique"),
        ]

    def __str__(self) -> str:
        return f"suggestion {self.pk}"
