from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from messaging.models.channel import Channel


class Organization(models.Model):
    """A company with its agents, channels and conversations; nothing crosses its border."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class OrganizationCounter(models.Model):
    """The sequence of changed conversations in one organisation.

    Alone in a narrow table that nothing references, so that taking a number never blocks a
    foreign key check. Always the last lock of a transaction (docs/decisions/0003).
    """

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="counter"
    )
    head_seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.head_seq}"


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    SUPERVISOR = "supervisor", _("Supervisor")
    AGENT = "agent", _("Agent")
    AUDITOR = "auditor", _("Auditor")


class Team(models.Model):
    """Agents who share conversations."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="team_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's place in an organisation: role, channels and teams.

    By default an agent sees every channel and team; a membership with `sees_all_channels` or
    `sees_all_teams` off sees only those listed (and conversations without a team).
    """

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.AGENT)
    sees_all_channels = models.BooleanField(default=True)
    sees_all_teams = models.BooleanField(default=True)
    channels: models.ManyToManyField[Channel, models.Model] = models.ManyToManyField(
        "messaging.Channel", blank=True, related_name="memberships"
    )
    teams = models.ManyToManyField(Team, blank=True, related_name="memberships")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id} as {self.role}"

    @property
    def manages(self) -> bool:
        """Whether this role changes settings: quotas, members, connections."""
        return self.role in {Role.OWNER, Role.ADMIN}

    @property
    def replies(self) -> bool:
        """Auditors read; everybody else may also write."""
        return self.role != Role.AUDITOR


class Invitation(models.Model):
    """A link by mail that makes its reader a member; only a hash of its secret is kept."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.AGENT)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"invitation {self.pk} to {self.organization_id}"


class Label(models.Model):
    """A coloured word on conversations."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=60)
    tint = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="label_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name
