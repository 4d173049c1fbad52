"""Every real webhook body of the Cloud API through the drain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from messaging.drain import drain_batch
from messaging.ledger import balance
from messaging.models import DeadLetter, InboundEvent, InboundItem, Message

PAYLOADS = Path(__file__).parent.parent / "payloads" / "cloud"
BODIES = sorted(
    path
    for path in PAYLOADS.glob("*.json")
    if not path.name.startswith("api_") and path.name != "signature_vector.json"
)


def store(connection, body: bytes) -> InboundEvent:
    return InboundEvent.objects.create(connection=connection, body=body)


def drain_all(connection) -> None:
    while drain_batch(connection):
        pass


@pytest.mark.django_db
def test_every_sample_is_applied_and_balances(connection):
    for path in BODIES:
        store(connection, path.read_bytes())
    drain_all(connection)
    sums = balance()
    assert len(BODIES) == 91
    assert sums.received == 91
    assert sums.balanced
    assert sums.in_flight == 0
    assert list(DeadLetter.objects.values_list("reason", "event__body")) == []


@pytest.mark.django_db
def test_the_same_again_adds_only_duplicates(connection):
    for path in BODIES:
        store(connection, path.read_bytes())
    drain_all(connection)
    messages = list(Message.objects.order_by("pk").values())
    before = InboundItem.objects.count()
    for path in BODIES:
        store(connection, path.read_bytes())
    drain_all(connection)
    again = InboundItem.objects.order_by("pk")[before:]
    assert {item.outcome for item in again} <= {"duplicate", "ignored"}
    assert list(Message.objects.order_by("pk").values()) == messages


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [path for path in BODIES if path.name.startswith("message_text")], ids=lambda p: p.stem
)
def test_a_text_is_in_its_conversation(connection, path):
    raw = json.loads(path.read_bytes())["entry"][0]["changes"][0]["value"]["messages"][0]
    store(connection, path.read_bytes())
    drain_all(connection)
    message = Message.objects.get()
    assert message.text == raw["text"]["body"]
    assert message.kind == "text"
    assert message.provider_id == raw["id"]
    assert message.provider_at.timestamp() == int(raw["timestamp"])
    values = set(message.conversation.contact.identities.values_list("value", flat=True))
    assert {raw[key] for key in ("from", "from_user_id") if key in raw} <= values
