"""Making an organisation, its people and its first connection."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from messaging.events import ConnectionChanged, announce
from messaging.models import (
    Channel,
    Connection,
    Membership,
    Organization,
    OrganizationCounter,
    ProviderKind,
    Role,
    User,
)
from messaging.secrets import ConnectionSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetails:
    """What a provider's console shows and asks for."""

    slug: str
    name: str
    secrets: ConnectionSecrets
    kind: str = ProviderKind.CLOUD
    account_id: str = ""
    base_url: str = ""
    api_version: str = ""


def add_organization(name: str, *, slug: str) -> Organization:
    """An organisation with its counter, or the one that has this slug already."""
    with transaction.atomic():
        organization, _ = Organization.objects.get_or_create(slug=slug, defaults={"name": name})
        OrganizationCounter.objects.get_or_create(organization=organization)
    return organization


def add_member(organization: Organization, user: User, *, role: str = Role.AGENT) -> Membership:
    """A user's place in the organisation; an existing one keeps its role."""
    membership, _ = Membership.objects.get_or_create(
        organization=organization, user=user, defaults={"role": role}
    )
    return membership


def add_connection(organization: Organization, details: ConnectionDetails) -> Connection:
    """Our account at a provider; repeating it writes account and secrets anew."""
    connection, _ = Connection.objects.get_or_create(
        kind=details.kind,
        slug=details.slug,
        defaults={
            "organization": organization,
            "name": details.name,
            "base_url": details.base_url,
            "api_version": details.api_version,
        },
    )
    connection.secrets = details.secrets
    connection.account_id = details.account_id or connection.account_id
    connection.save(update_fields=["sealed_secrets", "account_id"])
    announce(ConnectionChanged(connection_id=connection.pk))
    return connection


def add_channel(
    connection: Connection, external_id: str, *, name: str, display_number: str = ""
) -> Channel:
    """One address of ours, or the one that is there already."""
    channel, _ = Channel.objects.get_or_create(
        connection=connection,
        external_id=external_id,
        defaults={
            "organization": connection.organization,
            "name": name,
            "display_number": display_number,
        },
    )
    return channel
