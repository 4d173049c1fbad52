"""The body of `POST /{phone_number_id}/messages`, read as strictly as Graph reads it. *Pure.*

Source: Cloud API reference, "Messages"; errors 100, 131008 and 131009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from messaging.simulator import objects
from messaging.simulator.customers import digits_of
from messaging.simulator.graph_errors import GraphError

CALLBACK_DATA_LIMIT = 512
TYPES = (
    "audio",
    "contacts",
    "document",
    "image",
    "interactive",
    "location",
    "reaction",
    "sticker",
    "template",
    "text",
    "video",
)
# Types that webhooks bring and nobody can send.
RECEIVED_ONLY = ("button", "order", "system", "unsupported")


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message to deliver. `input` is the address as given; `phone` its digits, or None."""

    input: str
    phone: str | None
    user_id: str | None
    type: str
    content: Any  # the object of that type, of whatever shape the caller chose
    quoted: str | None
    callback_data: str | None


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """The team has seen `message_id` and what came before it, and perhaps types an answer."""

    message_id: str
    is_typing: bool


def parse(body: bytes) -> Send | ReadReceipt:
    """What the caller asks for. Raises GraphError."""
    try:
        fields = msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise GraphError(100, "The request body is not valid JSON.") from None
    if not isinstance(fields, dict):
        raise GraphError(100, "The request body must be a JSON object.")
    if fields.get("messaging_product") != "whatsapp":
        raise GraphError(100, message="(#100) The parameter messaging_product is required.")
    if "status" in fields:
        return _read_receipt(fields)
    return _send(fields)


def _read_receipt(fields: dict[str, Any]) -> ReadReceipt:
    if fields["status"] != "read":
        raise GraphError(100, "Param status must be one of {read}.")
    message_id = fields.get("message_id")
    if not message_id:
        raise GraphError(131008, "Param message_id is missing.")
    if not isinstance(message_id, str) or not message_id.startswith("wamid."):
        raise GraphError(131009, "Param message_id is not a message id.")
    return ReadReceipt(message_id, is_typing="typing_indicator" in fields)


def _send(fields: dict[str, Any]) -> Send:
    kind = fields.get("type", "text")
    if kind in RECEIVED_ONLY:
        raise GraphError(131051, f"Messages of type {kind} cannot be sent.")
    if kind not in TYPES:
        names = ", ".join(TYPES).upper()
        raise GraphError(
            100, message=f'(#100) Param type must be one of {{{names}}} - got "{kind}".'
        )
    if fields.get("recipient_type", "individual") != "individual":
        raise GraphError(131009, "Param recipient_type must be individual.")
    address, phone, user_id = _recipient(fields)
    return Send(
        input=address,
        phone=phone,
        user_id=user_id,
        type=kind,
        content=_content(fields, kind),
        quoted=_quoted(fields),
        callback_data=_callback_data(fields),
    )


def _recipient(fields: dict[str, Any]) -> tuple[str, str | None, str | None]:
    """Address, phone, BSUID. With both `to` and `recipient`, `to` wins."""
    to = fields.get("to")
    if to not in (None, ""):
        phone = digits_of(str(to))
        if not phone:
            raise GraphError(131009, "Param to is not a phone number.")
        return str(to), phone, None
    recipient = fields.get("recipient")
    if not recipient:
        raise GraphError(100, message="(#100) The parameter to is required.")
    if not isinstance(recipient, str) or "." not in recipient:
        raise GraphError(131009, "Param recipient is not a business-scoped user ID.")
    return recipient, None, recipient


def _content(fields: dict[str, Any], kind: str) -> Any:  # of the shape that the caller chose
    content = fields.get(kind)
    objects.check(kind, content)
    return content


def _quoted(fields: dict[str, Any]) -> str | None:
    context = fields.get("context")
    if context is None:
        return None
    message_id = context.get("message_id") if isinstance(context, dict) else None
    if not isinstance(message_id, str) or not message_id:
        raise GraphError(131009, "Param context['message_id'] is not a message id.")
    return message_id


def _callback_data(fields: dict[str, Any]) -> str | None:
    data = fields.get("biz_opaque_callback_data")
    if data is None:
        return None
    if not isinstance(data, str) or len(data) > CALLBACK_DATA_LIMIT:
        raise GraphError(
            100,
            f"Param biz_opaque_callback_data must be at most {CALLBACK_DATA_LIMIT} characters.",
        )
    return data
