"""Templates and consent for tests of what is sent."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from messaging.models import Connection, Contact
from outbound import consents
from outbound.consents import Statement
from outbound.models import ConsentAction, MessageTemplate

ORDER = "Olá {{1}}, a encomenda {{2}} está pronta."


def approved(connection: Connection, **fields: Any) -> MessageTemplate:
    """A template that may be sent."""
    given = {
        "provider_id": str(MessageTemplate.objects.count() + 1),
        "name": "encomenda",
        "language": "pt_PT",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [{"type": "BODY", "text": ORDER}],
        "is_stale": False,
        "updated_at": timezone.now(),
    }
    return MessageTemplate.objects.create(connection=connection, **given | fields)


def said(contact: Contact, action: ConsentAction, **fields: Any) -> None:
    """What a contact said just now."""
    statement = Statement(contact=contact, source="counter", at=timezone.now(), **fields)
    consents.write(action, statement)


def agreed(contact: Contact) -> None:
    said(contact, ConsentAction.GRANTED)


def asked(**parameters: Any) -> dict[str, Any]:
    """What a program asks to send."""
    return {
        "name": "encomenda",
        "language": "pt_PT",
        "parameters": parameters or {"body": ["Carla", "42"]},
    }
