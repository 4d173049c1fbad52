"""The simulator's own side, `/sim/…`: play a customer, read the ledger, break things."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from messaging.simulator.cloud import Cloud
from messaging.simulator.compositions import compose
from messaging.simulator.customers import Customer, bsuid_of, digits_of, tint_of
from messaging.simulator.keys import CLOUD
from messaging.simulator.switches import Faults, Timing, Unacceptable, merge, reset

routes = web.RouteTableDef()
OURS = frozenset({"from", "user_id", "name", "username", "channel"})
WEBHOOKS_SHOWN = 100


@routes.post("/sim/inbound")
async def inbound(request: web.Request) -> web.Response:
    """A customer writes. Every key that is not ours goes into the message as it is; what the
    object of its type leaves out is filled in.
    """
    cloud = request.app[CLOUD]
    fields = await _object(request)
    customer = _sender(cloud, fields)
    channel_id = fields.get("channel") or cloud.settings.channels[0].phone_number_id
    if not digits_of(str(channel_id)):
        raise Unacceptable("“channel” is a phone_number_id: digits only.")
    content = {name: value for name, value in fields.items() if name not in OURS}
    _require_content(content)
    channel = cloud.adopt_channel(str(channel_id))
    content = compose(content, files=cloud.files, chat=cloud.phones.peek(customer, channel))
    wamid = cloud.write(customer, channel, content)
    return web.json_response({"wamid": wamid}, status=202)


@routes.post("/sim/customers")
async def invent_customer(request: web.Request) -> web.Response:
    """Somebody new on the phone page: `{name, phone}`."""
    cloud = request.app[CLOUD]
    fields = await _object(request)
    name, phone = str(fields.get("name", "")).strip(), digits_of(str(fields.get("phone", "")))
    if not name:
        raise Unacceptable("A customer needs a name.")
    if not 7 <= len(phone) <= 15:
        raise Unacceptable("A phone number has 7 to 15 digits, country code first.")
    known = cloud.phones.customer(phone)
    user_id = known.user_id if known else bsuid_of(phone)
    tint = known.tint if known else tint_of(phone)
    customer = cloud.know(Customer(phone, name, phone, user_id, tint=tint, is_listed=True))
    return web.json_response({"id": customer.id, "name": customer.name}, status=201)


@routes.get("/sim/ledger")
async def ledger(request: web.Request) -> web.StreamResponse:
    """What the phones received, oldest first."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"results":[')
    for chunk in request.app[CLOUD].history.ledger.chunks():
        await response.write(chunk)
    await response.write(b"]}")
    await response.write_eof()
    return response


@routes.get("/sim/webhooks")
async def webhooks(request: web.Request) -> web.Response:
    """Counts, and the latest deliveries, newest first."""
    return web.json_response(webhooks_shown(request.app[CLOUD], WEBHOOKS_SHOWN))


@routes.get("/sim/faults")
async def faults(request: web.Request) -> web.Response:
    return _switches(request.app[CLOUD].faults)


@routes.put("/sim/faults")
async def put_faults(request: web.Request) -> web.Response:
    """Change the named switches, leave the others."""
    cloud = request.app[CLOUD]
    merge(cloud.faults, await _object(request))
    return _faults_changed(cloud)


@routes.delete("/sim/faults")
async def reset_faults(request: web.Request) -> web.Response:
    """All off."""
    cloud = request.app[CLOUD]
    reset(cloud.faults)
    return _faults_changed(cloud)


@routes.get("/sim/settings")
async def settings(request: web.Request) -> web.Response:
    return _switches(request.app[CLOUD].timing)


@routes.put("/sim/settings")
async def put_settings(request: web.Request) -> web.Response:
    """Change the timing of statuses, for messages sent from now on."""
    cloud = request.app[CLOUD]
    merge(cloud.timing, await _object(request))
    cloud.hints.changed()
    return _switches(cloud.timing)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A request that makes no sense is answered 422 with a sentence."""
    try:
        return await handler(request)
    except Unacceptable as error:
        return web.json_response({"error": str(error)}, status=422)


def webhooks_shown(cloud: Cloud, limit: int) -> dict[str, object]:
    """Counts and the latest `limit` deliveries. `scheduled`: messages with statuses to come."""
    latest = list(cloud.webhooks.log)[-limit:]
    return {
        **cloud.webhooks.counts(),
        "scheduled": cloud.statuses.scheduled,
        "results": [update.row() for update in reversed(latest)],
    }


def _faults_changed(cloud: Cloud) -> web.Response:
    cloud.webhooks.wake()
    cloud.hints.changed()
    return _switches(cloud.faults)


def _switches(switches: Faults | Timing) -> web.Response:
    return web.json_response(msgspec.structs.asdict(switches))


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        fields = msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        raise Unacceptable("The body is not valid JSON.") from None
    if not isinstance(fields, dict):
        raise Unacceptable("Send a JSON object of names and values.")
    return fields


def _sender(cloud: Cloud, fields: dict[str, Any]) -> Customer:
    """Who writes: known by phone or BSUID, else new; what the request says of them is kept."""
    given = str(fields.get("from") or "")
    phone = digits_of(given) or None
    user_id = fields.get("user_id")
    if given and not phone:
        raise Unacceptable("“from” is a phone number; use “user_id” for somebody without one.")
    if not phone and not user_id:
        raise Unacceptable("Say who writes: “from” or “user_id”.")
    known = cloud.phones.find(phone=phone, user_id=user_id)
    customer = known or cloud.phones.reached(phone=phone, user_id=user_id)
    newly = {"name": fields.get("name"), "username": fields.get("username"), "user_id": user_id}
    changes = {name: str(value) for name, value in newly.items() if value}
    updated = msgspec.structs.replace(customer, **changes)
    if known is None or updated != known:
        cloud.know(updated)
    return updated


def _require_content(content: dict[str, Any]) -> None:
    kind = content.setdefault("type", "text")
    if not isinstance(kind, str):
        raise Unacceptable("“type” is the name of a message type, such as “text”.")
    text = content.get("text")
    if kind == "text" and not (isinstance(text, dict) and isinstance(text.get("body"), str)):
        raise Unacceptable("A text needs {“text”: {“body”: …}}.")
    for name in ("id", "timestamp", "data"):
        if not isinstance(content.get(name, ""), str):
            raise Unacceptable(f"“{name}” is a string.")
