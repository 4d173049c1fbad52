"""The web process: pages, JSON API, sockets; and webhooks, where one process has to do."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Only this process may have the pool: it does not survive the fork of a worker.
os.environ.setdefault("DATABASE_POOL", "true")

from django.core.asgi import get_asgi_application

# Consumers import models, so Django is set up before them.
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import get_resolver

from inbox.routing import websocket_urlpatterns

WEBHOOKS = "/webhooks/"


async def http(scope: Any, receive: Any, send: Any) -> None:
    """Webhooks go past Django's middleware, straight to the gateway's own callable."""
    if scope["path"].startswith(WEBHOOKS):
        gateway = import_module("messaging.gateway")
        await gateway.application(scope, receive, send)
        return
    await django_application(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)

# What is loaded by now stays for ever: looked through for garbage again and again, it would hold up
# one page in fifty by a tenth of a second.
get_resolver().url_patterns  # noqa: B018 - imports every view
gc.collect()
gc.freeze()
