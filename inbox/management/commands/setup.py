from __future__ import annotations

import getpass
import json
import secrets
import sys
from typing import Any, NamedTuple

import environ
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from messaging.models import Connection, Role, User
from messaging.secrets import ConnectionSecrets
from messaging.setting_up import (
    ConnectionDetails,
    add_channel,
    add_connection,
    add_member,
    add_organization,
)


class Question(NamedTuple):
    """One thing to know, from the environment or from the person at the keyboard."""

    name: str
    variable: str
    text: str
    is_secret: bool = False
    may_be_empty: bool = False


QUESTIONS = (
    Question("organization", "WHATSAPP_ORGANIZATION", "Organisation"),
    Question("owner_email", "WHATSAPP_OWNER_EMAIL", "Owner's email"),
    Question("owner_name", "WHATSAPP_OWNER_NAME", "Owner's name"),
    Question("owner_password", "WHATSAPP_OWNER_PASSWORD", "Owner's password", is_secret=True),
    Question("phone_number_id", "WHATSAPP_PHONE_NUMBER_ID", "Phone number id"),
    Question("access_token", "WHATSAPP_ACCESS_TOKEN", "Access token", is_secret=True),
    Question("app_secret", "WHATSAPP_APP_SECRET", "App secret", is_secret=True),
    Question(
        "verify_token",
        "WHATSAPP_VERIFY_TOKEN",
        "Verify token (empty: a new one)",
        may_be_empty=True,
    ),
)


class Command(BaseCommand):
    help = "Make the organisation, its first owner and its first WhatsApp connection."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *_args: Any, json: bool, **_options: Any) -> None:
        answers = {question.name: self._ask(question) for question in QUESTIONS}
        _refuse_bad(answers)
        with transaction.atomic():
            connection = _make(answers)
        self._tell(connection, as_json=json)

    def _ask(self, question: Question) -> str:
        """The answer from the environment, else from the person at the keyboard."""
        value: str = environ.FileAwareEnv().str(question.variable, "")
        if not value and sys.stdin.isatty():
            ask = getpass.getpass if question.is_secret else input
            value = ask(f"{question.text}: ")
        if not value.strip() and not question.may_be_empty:
            raise CommandError(
                f"{question.text} is missing: answer it, or set {question.variable}."
            )
        return value.strip()

    def _tell(self, connection: Connection, *, as_json: bool) -> None:
        base = settings.PUBLIC_URL or "https://<your address>"
        facts = {
            "callback_url": f"{base}/webhooks/{connection.kind}/{connection.slug}/",
            "verify_token": connection.secrets.verify_token,
        }
        if as_json:
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write("Enter these in the app's WhatsApp webhook settings:")
        self.stdout.write(f"  Callback URL  {facts['callback_url']}")
        self.stdout.write(f"  Verify token  {facts['verify_token']}")


def _refuse_bad(answers: dict[str, str]) -> None:
    try:
        validate_email(answers["owner_email"])
        validate_password(answers["owner_password"])
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def _make(answers: dict[str, str]) -> Connection:
    slug = slugify(answers["organization"])[:60] or "inbox"
    organization = add_organization(answers["organization"], slug=slug)
    owner = User.objects.filter(email__iexact=answers["owner_email"]).first()
    if owner is None:
        owner = User.objects.create_user(
            answers["owner_email"],
            answers["owner_password"],
            name=answers["owner_name"],
            is_staff=True,
            is_superuser=True,
        )
    add_member(organization, owner, role=Role.OWNER)
    details = ConnectionDetails(
        slug=slug,
        name=f"WhatsApp of {organization.name}",
        secrets=ConnectionSecrets(
            app_secret=answers["app_secret"],
            access_token=answers["access_token"],
            verify_token=answers["verify_token"] or secrets.token_urlsafe(24),
        ),
    )
    connection = add_connection(organization, details)
    add_channel(connection, answers["phone_number_id"], name=organization.name)
    return connection
