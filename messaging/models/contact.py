from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from messaging.models.organization import Organization


class Contact(models.Model):
    """A person who writes to us, whatever the provider calls them today."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="contacts"
    )
    name = models.CharField(max_length=200, blank=True)
    # Set while this contact is a part of another one (docs: ContactMerge); never two deep.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="parts"
    )
    opted_out_at = models.DateTimeField(null=True, blank=True)
    preference_at = models.DateTimeField(null=True, blank=True)
    # What agents noted of the person, by name.
    attributes = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )
    # What they send is kept, but opens nothing and tells nobody; nothing is sent to them.
    blocked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # Serves the list of people: by name, those without one last.
            models.Index(
                "organization",
                models.Case(
                    models.When(name="", then=1), default=0, output_field=models.IntegerField()
                ),
                Lower("name"),
                "id",
                condition=models.Q(merged_into__isnull=True),
                name="contact_by_name",
            ),
        ]

    def __str__(self) -> str:
        return f"contact {self.pk}"

    @property
    def person(self) -> Contact:
        """Who this contact is today: itself, or the one it is a part of."""
        return self.merged_into or self


class IdentityKind(models.TextChoices):
    PHONE = "phone", _("Phone")
    BSUID = "bsuid", _("Business-scoped user id")
    PARENT_BSUID = "parent_bsuid", _("Parent business-scoped user id")
    USERNAME = "username", _("Username")
    LID = "lid", _("Hidden id")
    GROUP = "group", _("Group")
    OTHER = "other", _("Other")


class ContactIdentity(models.Model):
    """One id of a contact: the provider's value verbatim and the key we compare by.

    A phone number means the same person everywhere in the organisation (scope ""); a
    business-scoped id only within the account it came from (scope `connection:<id>`).
    Usernames change hands, so they are shown and never looked up by. An id that its owner gave
    up is `retired`: it keeps its history and may become somebody else's.
    Source: Cloud API, "Business-scoped user IDs".
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="identities")
    scope = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=12, choices=IdentityKind.choices)
    value = models.CharField(max_length=200)
    canonical_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            # Serves finding the contact of an inbound item.
            models.UniqueConstraint(
                fields=["organization", "scope", "kind", "canonical_key"],
                condition=~models.Q(kind="username") & models.Q(retired_at__isnull=True),
                name="identity_key_unique",
            ),
        ]
        indexes = [
            # Serves messages from before an id was given up.
            models.Index(
                fields=["organization", "kind", "canonical_key"],
                condition=models.Q(retired_at__isnull=False),
                name="identity_retired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of contact {self.contact_id}"
