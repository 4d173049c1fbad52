"""Logged-in clients, and a conversation whose window is open."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from messaging import models
from tests import factories


@pytest.fixture
def client_of():
    """A browser logged in as somebody."""

    def make(user: models.User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def open_conversation(conversation) -> models.Conversation:
    """Carla wrote an hour ago and waits for an answer."""
    return asked(conversation, "Queria encomendar um bolo.")


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
