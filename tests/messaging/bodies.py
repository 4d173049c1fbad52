"""Cloud API webhook bodies made up for tests, independent of the code that reads them.

Shapes follow tests/payloads/cloud/message_text.json and status_*.json.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from messaging.providers.cloud.signature import HEADER, sign

Json = dict[str, Any]  # Any: JSON of a stranger's making
NUMBER_ID = "106540352242922"
SOME_TIME = 1_750_000_000  # June 2025
SECRET = "app-secret"


def text(wamid: str, *, sender: str = "351910000042", at: int = SOME_TIME, body: str = "") -> Json:
    """One text message."""
    return {
        "from": sender,
        "id": wamid,
        "timestamp": str(at),
        "type": "text",
        "text": {"body": body or f"text of {wamid}"},
    }


def status(wamid: str, name: str, *, at: int = SOME_TIME, **more: Any) -> Json:
    """One status of a message of ours."""
    return {
        "id": wamid,
        "status": name,
        "timestamp": str(at),
        "recipient_id": "351910000042",
        **more,
    }


def body(
    messages: Sequence[Json] = (),
    *,
    statuses: Sequence[Json] = (),
    echoes: Sequence[Json] = (),
    number_id: str = NUMBER_ID,
) -> bytes:
    """One delivery with all of it."""
    senders = dict.fromkeys(message["from"] for message in messages)
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "351210000001", "phone_number_id": number_id},
    }
    if senders:
        value["contacts"] = [
            {"profile": {"name": f"Customer {sender}"}, "wa_id": sender} for sender in senders
        ]
    lists = {"messages": messages, "statuses": statuses, "message_echoes": echoes}
    value.update({name: list(items) for name, items in lists.items() if items})
    change = {"value": value, "field": "messages"}
    entry = {"id": "102290129340398", "changes": [change]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def signed(content: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers Meta sends with it."""
    return {"content-type": "application/json", HEADER: sign(content, secret)}
