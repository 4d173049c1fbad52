"""Addresses of sockets."""

from __future__ import annotations

from django.urls import path

from inbox.consumers import InboxConsumer

websocket_urlpatterns = [path("ws/", InboxConsumer.as_asgi())]
