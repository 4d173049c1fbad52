"""The phone page, and what it asks for while it is open."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from aiohttp import web

from messaging.simulator.cloud import Cloud
from messaging.simulator.control import webhooks_shown
from messaging.simulator.customers import Channel, Customer, shown_number
from messaging.simulator.keys import CLOUD
from messaging.simulator.phones import Chat, Message
from messaging.simulator.settings import PROJECT_ROOT

STATIC = Path(__file__).parent / "static"
WEBHOOKS_SHOWN = 12
COALESCE_SECONDS = 0.1
# How soon a closed page is noticed, so that nothing is read behind its back.
LOOK_SECONDS = 1.0
WINDOW = timedelta(hours=24)
SHOWN = ("image/", "video/", "audio/")

routes = web.RouteTableDef()


def add_static(app: web.Application) -> None:
    """Our own files, and the project's style sheets and icons."""
    app.router.add_static("/phone", STATIC)
    app.router.add_static("/static", PROJECT_ROOT / "static")


@routes.get("/")
async def page(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(STATIC / "phone.html")


@routes.get("/sim/state")
async def state(request: web.Request) -> web.Response:
    """All that the page shows, for `?customer=` and `?channel=` (both default to the first)."""
    cloud = request.app[CLOUD]
    customer, channel = _chosen(request)
    chat = cloud.phones.peek(customer, channel)
    listed = cloud.phones.listed()
    if customer not in listed:
        listed.append(customer)
    return web.json_response(
        {
            "customer": _person(cloud, customer),
            "channel": _number(cloud, channel, customer),
            "customers": [_person(cloud, each) for each in listed],
            "channels": [_number(cloud, each, customer) for each in cloud.phones.channels.values()],
            "messages": _bubbles(chat),
            "is_typing": chat is not None and chat.typing_until > time.time(),
            "window_closes_at": _window_closes_at(chat),
            "webhooks": webhooks_shown(cloud, WEBHOOKS_SHOWN),
            "faults": msgspec.structs.asdict(cloud.faults),
            "settings": msgspec.structs.asdict(cloud.timing),
        }
    )


@routes.get("/sim/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent hints to pull again. While it is open, so is the chat."""
    cloud = request.app[CLOUD]
    customer, channel = _chosen(request)
    chat = cloud.phones.chat(customer, channel)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    chat.viewers += 1
    cloud.statuses.opened(chat)
    try:
        with cloud.hints.listen() as hint:
            await _send_hints(request, response, hint)
    except ConnectionError:
        pass  # the page was closed while a hint was on its way
    finally:
        chat.viewers -= 1
    return response


async def _send_hints(
    request: web.Request, response: web.StreamResponse, hint: asyncio.Event
) -> None:
    hints = request.app[CLOUD].hints
    await response.write(b"data: open\n\n")
    while not hints.is_closed and request.transport and not request.transport.is_closing():
        try:
            await asyncio.wait_for(hint.wait(), LOOK_SECONDS)
        except TimeoutError:
            continue
        await asyncio.sleep(COALESCE_SECONDS)
        hint.clear()
        await response.write(b"data: changed\n\n")


def _chosen(request: web.Request) -> tuple[Customer, Channel]:
    cloud = request.app[CLOUD]
    phones = cloud.phones
    customer = phones.customer(request.query.get("customer", "")) or phones.listed()[0]
    channels = phones.channels
    chosen = channels.get(request.query.get("channel", ""))
    return customer, chosen or next(iter(channels.values()))


def _person(cloud: Cloud, customer: Customer) -> dict[str, object]:
    chats = (cloud.phones.peek(customer, each) for each in cloud.phones.channels.values())
    return {
        "id": customer.id,
        "name": customer.name,
        "about": customer.about,
        "tint": customer.tint,
        "unread": sum(len(chat.unread()) for chat in chats if chat),
    }


def _number(cloud: Cloud, channel: Channel, customer: Customer) -> dict[str, object]:
    chat = cloud.phones.peek(customer, channel)
    return {
        "id": channel.phone_number_id,
        "name": channel.name,
        "number": shown_number(channel.number),
        "unread": len(chat.unread()) if chat else 0,
    }


def _bubbles(chat: Chat | None) -> list[dict[str, object]]:
    return [_bubble(chat, message) for message in chat.messages.values()] if chat else []


@routes.get("/sim/files/{media_id}")
async def file(request: web.Request) -> web.Response:
    """A file of a chat, drawn or played by the page, else downloaded."""
    found = request.app[CLOUD].files.find(request.match_info["media_id"])
    if found is None:
        raise web.HTTPNotFound
    bare = found.mime_type.partition(";")[0]
    is_shown = bare.startswith(SHOWN) and bare != "image/svg+xml"
    return web.Response(
        body=found.content,
        headers={
            "Content-Type": found.mime_type if is_shown else "application/octet-stream",
            "Content-Disposition": "inline" if is_shown else "attachment",
        },
    )


def _bubble(chat: Chat, message: Message) -> dict[str, object]:
    quoted = chat.messages.get(message.quoted) if message.quoted else None
    author = chat.channel.name if quoted and quoted.direction == "in" else "You"
    return {
        "id": message.id,
        "direction": message.direction,
        "type": message.type,
        "text": message.text,
        "at": message.at,
        "status": message.status,
        "options": [asdict(option) for option in message.options],
        "file": f"/sim/files/{message.file}" if message.file else None,
        "quote": {"author": author, "text": quoted.text} if quoted else None,
    }


def _window_closes_at(chat: Chat | None) -> str | None:
    """When the team may no longer write freely; None if it may not now."""
    written = (
        [each.at for each in chat.messages.values() if each.direction == "out"] if chat else []
    )
    if not written:
        return None
    closes_at = datetime.fromisoformat(max(written)) + WINDOW
    return closes_at.isoformat() if closes_at > datetime.now(UTC) else None
