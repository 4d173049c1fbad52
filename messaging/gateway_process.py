"""The gateway as a process of its own: webhooks, health and metrics, and nothing else."""

from __future__ import annotations

import asyncio
import json
import logging

from django.db import connection

from messaging.durability import UnsafeDurability, verify
from messaging.gateway import Gateway
from messaging.health import readiness
from messaging.intake import Receive, Scope, Send, caller, headers_of, respond
from messaging.metrics import exposition, may_scrape

logger = logging.getLogger(__name__)

JSON = b"application/json"


class GatewayProcess:
    """ASGI: `/webhooks/…`, `/health/…`, `/metrics`; refuses to start on an unsafe database."""

    def __init__(self) -> None:
        self.gateway = Gateway()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Route one call."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path.startswith("/webhooks/"):
            await self.gateway(scope, receive, send)
        elif path.rstrip("/") == "/health/live":
            await respond(send, 200, b'{"status": "ok"}', JSON)
        elif path.rstrip("/") == "/health/ready":
            status, parts = await asyncio.to_thread(_readiness)
            await respond(send, status, json.dumps(parts).encode(), JSON)
        elif path.rstrip("/") == "/metrics":
            await self._metrics(scope, send)
        else:
            await respond(send, 404, b"not found")

    async def _metrics(self, scope: Scope, send: Send) -> None:
        headers = headers_of(scope)
        if not may_scrape(caller(scope, headers), headers.get("authorization", "")):
            await respond(send, 403, b"not allowed")
            return
        body, content_type = await asyncio.to_thread(exposition)
        await respond(send, 200, body, content_type.encode())

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                try:
                    await asyncio.to_thread(verify)
                except UnsafeDurability as error:
                    logger.critical("%s", error)
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                self.gateway.open()  # what waits in the spool waits for nobody's call
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await self.gateway.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _readiness() -> tuple[int, dict[str, object]]:
    """Over a fresh connection: no request of Django's ends here that would drop a dead one."""
    try:
        return readiness()
    finally:
        connection.close()
