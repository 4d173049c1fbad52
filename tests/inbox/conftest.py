"""Logged-in clients, and a conversation whose window is open."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client
from django.utils import timezone

from inbox import hub
from messaging import models
from tests import factories
from tests.inbox.sockets import socket_of

FRAGMENT = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def client_of():
    """A browser logged in as somebody."""

    def make(user: models.User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest_asyncio.fixture
async def quick_hub(settings, monkeypatch):
    """Sockets of one process, which look around 20 times a second.

    The thread that runs Django for their loop keeps no connection to the test's database.
    """
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    monkeypatch.setattr(hub, "PULSE_SECONDS", 0.05)
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def listener(client_of, quick_hub):
    """A socket with somebody's session; `hello` is heard already."""

    async def open_socket(user: models.User) -> WebsocketCommunicator:
        return await socket_of(await sync_to_async(client_of)(user))

    return open_socket


@pytest.fixture
def open_conversation(conversation) -> models.Conversation:
    """Carla wrote an hour ago and waits for an answer."""
    return asked(conversation, "Queria encomendar um bolo.")


@pytest.fixture
def say(conversation):
    """A message of any kind from the customer, the newest of its conversation."""

    def make(kind: str = "text", text: str = "", **fields: Any) -> models.Message:
        message = factories.MessageFactory(
            conversation=conversation, kind=kind, text=text, **fields
        )
        conversation.last_message = message
        conversation.last_message_at = conversation.last_activity_at = message.sort_at
        conversation.save()
        return message

    return make


@pytest.fixture
def shown(conversation, alice, client_of):
    """The bubble of a message as Alice sees it."""

    def show(message: models.Message) -> str:
        page = client_of(alice).get(f"/conversations/{conversation.pk}/messages/", **FRAGMENT)
        found = re.search(
            rf'<(article|p) class="\w+" id="message-{message.pk}".*?</\1>(?=\s*<|\s*$)',
            page.content.decode(),
            re.DOTALL,
        )
        return found[0]

    return show


@pytest.fixture
def listed(alice, client_of):
    """The preview of the only row, as text."""

    def show() -> str:
        page = client_of(alice).get("/").content.decode()
        preview = re.search(r'class="conversation-preview".*?</p>', page, re.DOTALL)[0]
        return re.sub(r"<[^>]+>", "", preview.partition(">")[2]).strip()

    return show


@pytest.fixture
def told(conversation, alice, client_of):
    """A message as the API gives it."""

    def show(message: models.Message) -> dict[str, Any]:
        answer = client_of(alice).get(f"/api/v1/conversations/{conversation.pk}/messages/")
        return next(each for each in answer.json()["results"] if each["id"] == message.pk)

    return show


@pytest.fixture
def amend():
    """What somebody did to a message, `minutes` later."""

    def make(message: models.Message, kind: str, **fields: Any) -> models.Amendment:
        return factories.AmendmentFactory(message=message, kind=kind, **fields)

    return make


def asked(
    conversation: models.Conversation, text: str, *, hours_ago: float = 1
) -> models.Conversation:
    """The customer writes; unread, window and activity follow."""
    at = timezone.now() - timedelta(hours=hours_ago)
    message = factories.MessageFactory(conversation=conversation, text=text, received_at=at)
    conversation.inbound_count += 1
    conversation.window_expires_at = at + timedelta(hours=24)
    conversation.last_activity_at = conversation.last_message_at = at
    conversation.last_message = message
    conversation.save()
    return conversation


def answered(conversation: models.Conversation, author: models.User, text: str) -> models.Message:
    """An agent writes."""
    return factories.MessageFactory(
        conversation=conversation,
        text=text,
        direction=models.Direction.OUT,
        author_type=models.AuthorType.AGENT,
        author=author,
        status=models.MessageStatus.SENT,
    )
