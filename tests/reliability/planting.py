"""Rows for programmes about sending, made by the code that makes them in use.

    python -m tests.reliability.planting '{"url": …, "numbers": 3, "customers": 4, "texts": [0, 5]}'

Run in a process of its own with the environment of the processes under test.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any


def main() -> None:
    """Numbers, each with a connection and customers; and texts to each of these."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    plant(**json.loads(sys.argv[1]))


def plant(*, url: str, numbers: int, customers: int, texts: list[int]) -> None:
    """Texts `<number>.<customer>.<n>` for n in the range `texts`; what exists stays."""
    from messaging.models import Organization

    organization = Organization.objects.order_by("pk").first()
    for number in range(numbers):
        channel = _channel(organization, number, url)
        for customer in range(customers):
            _write(_conversation(channel, number, customer), number, customer, texts)


def _channel(organization: Any, number: int, url: str) -> Any:
    from messaging.models import Connection
    from messaging.secrets import ConnectionSecrets
    from messaging.setting_up import (
        ConnectionDetails,
        add_channel,
        add_connection,
    )

    details = ConnectionDetails(
        slug=f"number-{number}",
        name=f"Number {number}",
        secrets=ConnectionSecrets(app_secret="s", verify_token="v", access_token="t"),
        base_url=url,
    )
    connection = add_connection(organization, details)
    Connection.objects.filter(pk=connection.pk).update(base_url=url)
    return add_channel(connection, f"7000{number:04}", name=f"Number {number}")


def _conversation(channel: Any, number: int, customer: int) -> Any:
    from django.utils import timezone

    from messaging.models import Contact, ContactIdentity, Conversation

    phone = f"3519{number:04}{customer:04}"
    organization_id = channel.organization_id
    identity = ContactIdentity.objects.filter(
        organization_id=organization_id, kind="phone", value=phone
    ).first()
    if identity is None:
        contact = Contact.objects.create(organization_id=organization_id, name=phone)
        identity = ContactIdentity.objects.create(
            organization_id=organization_id,
            contact=contact,
            kind="phone",
            value=phone,
            canonical_key=phone,
        )
    return Conversation.objects.get_or_create(
        channel=channel,
        contact_id=identity.contact_id,
        defaults={
            "organization_id": organization_id,
            "window_expires_at": timezone.now() + timedelta(hours=23),
        },
    )[0]


def _write(conversation: Any, number: int, customer: int, texts: list[int]) -> None:
    from django.db import transaction

    from messaging import timeline
    from messaging.outgoing import Draft, compose
    from outbound import outbox

    with transaction.atomic():
        locked = timeline.lock([conversation.pk])[conversation.pk]
        for text in range(*texts):
            draft = Draft(kind="text", text=f"{number}.{customer}.{text}")
            outbox.enqueue(compose(locked, draft))
        timeline.publish([locked])


if __name__ == "__main__":
    main()
