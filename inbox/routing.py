"""Addresses of sockets."""

from __future__ import annotations

from typing import Any

from django.urls import path

from inbox.consumers import InboxConsumer

# Channels routes with Django's patterns, whose types know views only.
consumer: Any = InboxConsumer.as_asgi()
websocket_urlpatterns: list[Any] = [path("ws/", consumer)]
