"""A provider without a window: nobody is told that one is closed."""

from __future__ import annotations

import pytest

from messaging import models
from tests.inbox.conftest import asked

pytestmark = pytest.mark.django_db

LONG_AGO = 24 * 40


@pytest.fixture
def waha(conversation) -> models.Conversation:
    connections = models.Connection.objects.filter(pk=conversation.channel.connection_id)
    connections.update(kind=models.ProviderKind.WAHA)
    return asked(models.Conversation.objects.get(pk=conversation.pk), "Olá", hours_ago=LONG_AGO)


def test_its_composer_takes_text_at_any_time(waha, alice, client_of) -> None:
    page = client_of(alice).get(f"/conversations/{waha.pk}/").content.decode()
    assert "At any time" in page
    assert 'data-window="closed"' not in page
    assert "data-expires=" not in page.partition('id="composer"')[2].partition("</form>")[0]
    assert "disabled" not in page.partition('id="composer-text"')[2].partition(">")[0]


def test_its_row_has_a_whole_ring_that_never_closes(waha, alice, client_of) -> None:
    row = client_of(alice).get("/").content.decode().partition(f'id="conversation-{waha.pk}"')[2]
    ring = row.partition("</svg>")[0]
    assert 'data-window="open"' in ring
    assert "data-expires" not in ring


def test_a_program_may_write_at_any_time(waha, alice, client_of) -> None:
    body = {"conversation": waha.pk, "client_message_id": "1", "kind": "text", "text": "Bom dia"}
    client = client_of(alice)
    answer = client.post("/api/v1/messages/", body, content_type="application/json")
    assert answer.status_code == 201
    connections = models.Connection.objects.filter(pk=waha.channel.connection_id)
    connections.update(kind=models.ProviderKind.TWILIO)
    again = {**body, "client_message_id": "2"}
    refused = client.post("/api/v1/messages/", again, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "window_closed")
