"""The Graph side: `/{version}/{phone_number_id}`, its `messages`, and files.

Source: Cloud API reference, "Phone numbers", "Messages" and "Media".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import secrets
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from messaging.simulator import references, sending, templates
from messaging.simulator.cloud import Cloud
from messaging.simulator.customers import Channel, digits_of
from messaging.simulator.files import File, expiry
from messaging.simulator.graph_errors import GraphError, new_trace_id
from messaging.simulator.keys import CLOUD
from messaging.simulator.phones import Chat, Message

routes = web.RouteTableDef()
VERSION = r"{version:v\d+\.\d+}"
FILTERS = ("name", "language", "status", "category")
ATTACHMENTS = "/whatsapp_business/attachments/"


class NoGraphAnswer(Exception):
    """The call ends with an HTTP status and no body that a Graph client could read."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@routes.get(f"/{VERSION}/{{phone_number_id}}")
async def phone_number(request: web.Request) -> web.Response:
    """A number, or a file: Graph gives both the same address."""
    file = request.app[CLOUD].files.find(request.match_info["phone_number_id"])
    if file is not None:
        return _file_address(request, file)
    channel = admit(request)
    known: dict[str, object] = {
        "verified_name": channel.name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": channel.number,
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "webhook_configuration": {"application": request.app[CLOUD].settings.webhook_url},
        "id": channel.phone_number_id,
    }
    fields = request.query.get("fields")
    if fields:
        asked = {*fields.split(","), "id"}
        known = {name: value for name, value in known.items() if name in asked}
    return web.json_response(known)


@routes.post(f"/{VERSION}/{{phone_number_id}}/messages")
async def messages(request: web.Request) -> web.StreamResponse:
    cloud = request.app[CLOUD]
    channel = admit(request)
    asked = sending.parse(await request.read())
    if isinstance(asked, sending.ReadReceipt):
        cloud.seen(asked)
        return web.json_response({"success": True})
    _refuse(cloud, channel, asked)
    chat, message = cloud.accept(channel, asked)
    if cloud.faults.status_before_answer and cloud.faults.fail_code is None:
        await cloud.statuses.tell_now(chat, message)
    else:
        cloud.follow(chat, message)
    await asyncio.sleep(cloud.faults.answer_delay_seconds)
    return _answer(request, asked, chat, message)


@routes.get(f"/{VERSION}/{{account_id}}/message_templates")
async def message_templates(request: web.Request) -> web.Response:
    """The account's templates, in pages of `limit`; `after` is where the last one ended."""
    _authenticate(request)
    account_id = request.match_info["account_id"]
    if account_id != request.app[CLOUD].settings.waba_id:
        raise GraphError(100, subcode=33, message=f"Object with ID '{account_id}' does not exist.")
    found = [
        template
        for template in templates.known(request.app[CLOUD].template_changes)
        if all(request.query.get(key, template[key]) == template[key] for key in FILTERS)
    ]
    start = int(digits_of(request.query.get("after", "")) or 0)
    end = start + max(1, int(digits_of(request.query.get("limit", "")) or 25))
    paging: dict[str, object] = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(found):
        url = request.url.update_query({"after": str(end)})
        paging["next"] = str(url)
    return web.json_response({"data": found[start:end], "paging": paging})


@routes.get(ATTACHMENTS)
async def attachment(request: web.Request) -> web.Response:
    """A file's bytes, for five minutes after its address was asked for, and with the token."""
    _authenticate(request)
    cloud = request.app[CLOUD]
    await asyncio.sleep(cloud.faults.media_delay_seconds)
    if cloud.faults.media_unavailable:
        raise NoGraphAnswer(503)
    file = cloud.files.find(request.query.get("mid", ""))
    ends_at = digits_of(request.query.get("ext", ""))
    if file is None or cloud.faults.media_expired or int(ends_at or 0) < time.time():
        raise NoGraphAnswer(404)
    content = file.content + (b"\0" if cloud.faults.media_wrong_checksum else b"")
    return web.Response(body=content, headers={"Content-Type": file.mime_type})


@routes.route("*", f"/{VERSION}/{{path:.*}}")
async def unknown_path(request: web.Request) -> web.Response:
    _authenticate(request)
    path = request.match_info["path"]
    raise GraphError(2500, message=f"Unknown path components: /{path}")


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Graph's refusals as Graph writes them."""
    try:
        return await handler(request)
    except GraphError as error:
        headers = {"x-fb-trace-id": new_trace_id()}
        return web.json_response(error.body(), status=error.http_status, headers=headers)
    except NoGraphAnswer as error:
        return web.Response(status=error.status, text="The server could not answer.")


def _file_address(request: web.Request, file: File) -> web.Response:
    _authenticate(request)
    media_id = request.match_info["phone_number_id"]
    query = {"mid": media_id, "ext": str(expiry()), "hash": secrets.token_urlsafe(16)}
    return web.json_response(
        {
            "messaging_product": "whatsapp",
            "url": str(request.url.origin().with_path(ATTACHMENTS).with_query(query)),
            "mime_type": file.mime_type,
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "file_size": len(file.content),
            "id": media_id,
        }
    )


def admit(request: web.Request) -> Channel:
    """The business number that the path names, for a caller with the right token."""
    _authenticate(request)
    cloud = request.app[CLOUD]
    phone_number_id = request.match_info["phone_number_id"]
    channel = cloud.phones.channels.get(phone_number_id)
    if channel is None:
        raise GraphError(
            100,
            subcode=33,
            message=f"Unsupported {request.method.lower()} request. Object with ID "
            f"'{phone_number_id}' does not exist, cannot be loaded due to missing permissions, "
            "or does not support this operation.",
        )
    return channel


def _authenticate(request: web.Request) -> None:
    cloud = request.app[CLOUD]
    faults = cloud.faults
    if faults.stop_answering:
        raise NoGraphAnswer(503)
    if faults.server_error_rate and random.random() < faults.server_error_rate:  # noqa: S311
        raise NoGraphAnswer(random.choice((500, 502, 504)))  # noqa: S311
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(0)
    if not hmac.compare_digest(token.strip().encode(), cloud.settings.access_token.encode()):
        raise GraphError(190, message="Invalid OAuth access token - Cannot parse access token")
    if faults.access_revoked:
        raise GraphError(190, subcode=463)


def _refuse(cloud: Cloud, channel: Channel, send: sending.Send) -> None:
    if send.phone == channel.number:
        raise GraphError(131021)
    faults = cloud.faults
    if faults.throttled:
        raise GraphError(130429, subcode=2494055)
    if faults.pair_limited:
        raise GraphError(131056)
    references.check(
        cloud.files,
        send,
        number=channel.phone_number_id,
        changes=cloud.template_changes,
    )
    if faults.window_closed and send.type != "template":
        raise GraphError(131047)


def _answer(
    request: web.Request, send: sending.Send, chat: Chat, message: Message
) -> web.StreamResponse:
    faults = request.app[CLOUD].faults
    if faults.answer_lost:
        return _cut(request)
    if faults.accepted_then_error:
        raise NoGraphAnswer(502)
    if faults.garbage_answer:
        return web.json_response({"messaging_product": "whatsapp"})
    contact = {"input": send.input}
    if send.phone:
        contact["wa_id"] = send.phone
    else:
        contact["user_id"] = chat.customer.user_id
    return web.json_response(
        {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": message.id}],
        }
    )


def _cut(request: web.Request) -> web.StreamResponse:
    """Drop the connection; the response that is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
