"""The story of one message: who may read it, what it tells, and what it keeps to itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inbox.models import ReadMark
from messaging import bodies as told
from messaging.models import InboundItem, Membership, Message, Receipt
from outbound.models import OutboxEntry, SendAttempt
from tests import factories
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_reviewing import left
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_xray(alice, client_of):
    """The page as a supervisor sees it."""
    Membership.objects.filter(user=alice).update(role="supervisor")

    def fetch(message: Message, **headers: Any) -> str:
        answer = client_of(alice).get(f"/messages/{message.pk}/x-ray/", **headers)
        assert answer.status_code == 200
        return str(answer.content.decode())

    return fetch


def heard(connection, *messages: Any, **more: Any) -> Message:
    deliver(connection, bodies.body(messages, **more))
    drain_all(connection)
    return Message.objects.earliest("pk")


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("admin", 200), ("supervisor", 200), ("agent", 403)]
)
def test_only_some_roles_look_inside(role, status, conversation, alice, client_of) -> None:
    Membership.objects.filter(user=alice).update(role=role)
    message = factories.MessageFactory(conversation=conversation)
    address = f"/messages/{message.pk}/x-ray/"
    assert client_of(alice).get(address).status_code == status
    page = client_of(alice).get(f"/conversations/{conversation.pk}/", **FRAGMENT)
    assert (address in page.content.decode()) == (status == 200)


def test_another_house_finds_nothing(conversation, mallory, client_of) -> None:
    message = factories.MessageFactory(conversation=conversation)
    assert client_of(mallory).get(f"/messages/{message.pk}/x-ray/").status_code == 404


def test_a_message_that_came_shows_its_delivery_and_who_saw_it(connection, open_xray, bob) -> None:
    message = heard(connection, bodies.text("wamid.1", body="Olá <b>"))
    ReadMark.objects.create(user=bob, conversation=message.conversation, seq=message.seq)
    page = open_xray(message, **FRAGMENT)
    event = InboundItem.objects.get(message=message).event_id
    assert f"Kept as event {event}" in page
    assert "What came, as it came" in page
    assert "whatsapp_business_account" in page
    assert "Olá &lt;b&gt;" in page
    assert "Bob Fernandes" in page


def test_a_delivery_shared_with_others_shows_only_this_message(connection, open_xray) -> None:
    other = bodies.text("wamid.2", sender="351910000043", body="Segredo de outra pessoa")
    message = heard(connection, bodies.text("wamid.1", body="Olá"), other)
    page = open_xray(message)
    assert "Segredo" not in page
    assert "What came, as it was understood" in page


def test_attempts_and_receipts_are_told_in_order(conversation, alice, open_xray) -> None:
    message = left(conversation, alice, status="failed", attempt="rejected")
    SendAttempt.objects.update(http_status=429, error_code="130429", error_title="Rate limit")
    Receipt.objects.create(
        channel=message.channel,
        message=message,
        provider_id="wamid.x",
        status="failed",
        error_code="131026",
        received_at=message.received_at,
    )
    page = open_xray(message)
    assert "Attempt 1: rejected" in page
    assert "HTTP 429" in page
    assert "error 130429 (Rate limit)" in page
    assert "error 131026" in page
    assert OutboxEntry.objects.get().state in page


def test_what_is_secret_is_not_told() -> None:
    body = {"access_token": "t", "a": [{"Authorization": "b", "url": "https://x.y/f?sig=abc"}]}
    clean = json.dumps(told.without_secrets(body))
    assert not any(word in clean for word in ('"t"', '"b"', "abc"))
    assert "https://x.y/f" in clean
