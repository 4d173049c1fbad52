"""Sockets of browsers, as tests hold them."""

from __future__ import annotations

import json
from typing import Any

from channels.auth import AuthMiddleware
from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from inbox.routing import websocket_urlpatterns

application = SessionMiddlewareStack(AuthMiddleware(URLRouter(websocket_urlpatterns)))


async def socket_of(client: Client) -> WebsocketCommunicator:
    """A socket with a browser's session; `hello` is heard already."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}".encode()
    socket = WebsocketCommunicator(application, "/ws/", headers=[(b"cookie", cookie)])
    assert (await socket.connect())[0]
    assert (await socket.receive_json_from())["type"] == "hello"
    return socket


async def next_of(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next frame of a kind; others (a heartbeat, say) pass by."""
    while True:
        frame = json.loads(await socket.receive_from(timeout=5))
        if frame["type"] == kind:
            return frame


async def opened_by(client: Client, conversation_id: int) -> WebsocketCommunicator:
    """A socket that follows a conversation."""
    socket = await socket_of(client)
    await socket.send_json_to({"type": "open", "conversation": conversation_id})
    await next_of(socket, "conversation.opened")
    return socket
