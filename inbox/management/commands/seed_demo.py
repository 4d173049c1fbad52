from __future__ import annotations

from json import dumps
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from messaging.models import Label, ProviderKind, Role, Team, User
from messaging.secrets import ConnectionSecrets
from messaging.setting_up import (
    ConnectionDetails,
    add_channel,
    add_connection,
    add_member,
    add_organization,
)
from messaging.simulator import demo

PASSWORD = "demo-inbox"  # noqa: S105 - the demo's password is public
PEOPLE = (
    ("admin@example.com", "Ada Quental", Role.OWNER),
    ("alice@example.com", "Alice Moreau", Role.AGENT),
    ("bob@example.com", "Bob Fernandes", Role.AGENT),
)


class Command(BaseCommand):
    help = "Fill a demo with an organisation, three people, and the simulator's numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, json: bool, **_options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "seed_demo makes people with a public password: only with DEMO=true."
            )
        with transaction.atomic():
            organization = add_organization("Padaria Amendoeira", slug=demo.SLUG)
            for email, name, role in PEOPLE:
                add_member(organization, _person(email, name, role), role=role)
            Team.objects.get_or_create(organization=organization, name="Front of house")
            for tint, name in enumerate(("Custom cakes", "Hotels and cafés"), start=1):
                Label.objects.get_or_create(
                    organization=organization, name=name, defaults={"tint": tint}
                )
            connection = add_connection(organization, _details())
            for details in _others():
                add_connection(organization, details)
            for channel in demo.CHANNELS:
                add_channel(
                    connection,
                    channel.phone_number_id,
                    name=channel.name,
                    display_number=channel.number,
                )
        emails = [email for email, _, _ in PEOPLE]
        self.stdout.write(dumps({"people": emails}) if json else "The demo is seeded.")


def _person(email: str, name: str, role: Role) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        is_owner = role == Role.OWNER
        user = User.objects.create_user(
            email, PASSWORD, name=name, is_staff=is_owner, is_superuser=is_owner
        )
    return user


def _details() -> ConnectionDetails:
    return ConnectionDetails(
        slug=demo.SLUG,
        name="WhatsApp of the bakery",
        account_id=demo.WABA_ID,
        api_version=demo.API_VERSION,
        secrets=ConnectionSecrets(
            app_secret=demo.APP_SECRET,
            verify_token=demo.VERIFY_TOKEN,
            access_token=demo.ACCESS_TOKEN,
        ),
    )


def _others() -> tuple[ConnectionDetails, ...]:
    """Two more ways in; their numbers become channels with the first message."""
    twilio = ConnectionDetails(
        slug=demo.SLUG,
        name="Twilio",
        kind=ProviderKind.TWILIO,
        account_id=demo.TWILIO_ACCOUNT_ID,
        secrets=ConnectionSecrets(auth_token=demo.TWILIO_AUTH_TOKEN),
    )
    waha = ConnectionDetails(
        slug=demo.SLUG,
        name="WAHA",
        kind=ProviderKind.WAHA,
        secrets=ConnectionSecrets(hmac_key=demo.WAHA_HMAC_KEY),
    )
    return (twilio, waha)
