"""Puts the simulator together as one aiohttp application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from messaging.simulator import approvals, control, graph, media, pages
from messaging.simulator.cloud import Cloud
from messaging.simulator.keys import CLOUD
from messaging.simulator.settings import Settings

BODY_LIMIT_BYTES = 4 << 20
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


async def create_app(settings: Settings) -> web.Application:
    """One simulator. It starts to post webhooks when the application starts up."""
    app = web.Application(
        middlewares=[graph.errors, control.errors], client_max_size=BODY_LIMIT_BYTES
    )
    app[CLOUD] = Cloud(settings)
    app.add_routes(pages.routes)
    app.add_routes(control.routes)
    app.add_routes(approvals.routes)
    pages.add_static(app)
    app.add_routes(media.routes)
    app.add_routes(graph.routes)
    app.on_response_prepare.append(_secure)
    app.cleanup_ctx.append(_running)
    app.on_shutdown.append(_close_pages)
    return app


async def _running(app: web.Application) -> AsyncIterator[None]:
    app[CLOUD].start()
    yield
    with contextlib.suppress(OSError):
        await app[CLOUD].stop()


async def _close_pages(app: web.Application) -> None:
    """Pages hold their event stream open for ever; without this a stop would wait for them."""
    app[CLOUD].hints.close()


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    """The pages' headers; Graph's answers have none of these."""
    if not request.path.startswith("/v"):
        response.headers.update(SECURITY_HEADERS)
