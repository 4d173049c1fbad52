"""Webhook bodies as the platform writes them, their signature, and message ids."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from messaging.simulator.customers import Channel, Customer
from messaging.simulator.graph_errors import status_error

MESSAGES = "messages"
# What a webhook carries is free-form JSON by nature.
Json = dict[str, Any]


def encode(waba_id: str, values: Iterable[tuple[str, Mapping[str, Any]]]) -> bytes:
    """The body that carries `values` with their fields, one change each; news of the account in
    entries of their own, which say when.

    Non-ASCII leaves as \\uXXXX and a slash as \\/, so a receiver that signs its own
    re-serialisation gets another digest. Source: Webhooks, "Validate payloads".
    """
    talk: list[Json] = []
    entries: list[Json] = []
    for field, value in values:
        change = {"value": value, "field": field}
        if field == MESSAGES:
            talk.append(change)
        else:
            entries.append({"id": waba_id, "time": int(time.time()), "changes": [change]})
    if talk:
        entries.insert(0, {"id": waba_id, "changes": talk})
    envelope = {"object": "whatsapp_business_account", "entry": entries}
    return json.dumps(envelope, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def signature(body: bytes, app_secret: str) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def message_value(channel: Channel, customer: Customer, message: Json) -> Json:
    """A `value` in which `customer` writes `message`; it carries its own sender keys."""
    return {
        "messaging_product": "whatsapp",
        "metadata": _metadata(channel),
        "contacts": [_contact(customer, with_username=True)],
        "messages": [message],
    }


def inbound_message(customer: Customer, *, wamid: str, timestamp: str, content: Json) -> Json:
    """`content` holds `type`, the object of that type, and what else the sender set."""
    message: Json = {"from": customer.phone} if customer.phone else {}
    message |= {"from_user_id": customer.user_id, "id": wamid, "timestamp": timestamp}
    return message | content


def status_value(
    channel: Channel,
    customer: Customer,
    *,
    status: Json,
    to_phone: bool,
    error_code: int | None = None,
) -> Json:
    """A `value` that reports on one message of ours. `status` holds id, status, timestamp, ….

    Who it went to follows the platform's rules: a `failed` status has no contacts and names only
    the address that was used; a `sent` one never shows the username.
    Source: "Business-scoped user IDs › Webhooks".
    """
    is_failed = error_code is not None
    if customer.phone and (to_phone or not is_failed):
        status["recipient_id"] = customer.phone
    if not (is_failed and to_phone):
        status["recipient_user_id"] = customer.user_id
    value: Json = {"messaging_product": "whatsapp", "metadata": _metadata(channel)}
    if error_code is None:
        with_username = status["status"] != "sent"
        value["contacts"] = [_contact(customer, with_username=with_username)]
    else:
        status["errors"] = [status_error(error_code)]
    value["statuses"] = [status]
    return value


def new_wamid(address: str, *, inbound: bool) -> str:
    """An id of the platform's make: base64 over the customer's address and a random part."""
    name = address.encode()
    kind = b"\x15\x02\x00\x12\x18\x14" if inbound else b"\x15\x02\x00\x11\x18\x14"
    unique = secrets.token_hex(10).upper().encode()
    raw = b"\x1c\x18" + bytes([len(name) & 0xFF]) + name + kind + unique + b"\x00"
    return "wamid." + base64.b64encode(raw).decode()


def _metadata(channel: Channel) -> Json:
    return {
        "display_phone_number": channel.number,
        "phone_number_id": channel.phone_number_id,
    }


def _contact(customer: Customer, *, with_username: bool) -> Json:
    profile = {"name": customer.name}
    if customer.username and with_username:
        profile["username"] = customer.username
    contact: Json = {"profile": profile}
    if customer.phone:
        contact["wa_id"] = customer.phone
    contact["user_id"] = customer.user_id
    return contact
