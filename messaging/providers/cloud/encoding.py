"""Messages as the Cloud API wants them; pure.

Source: Cloud API reference, "Messages"; Graph API, "Business-scoped user IDs".
"""

from __future__ import annotations

import re
from typing import Any

from messaging.providers.outgoing import Outgoing, Recipient

LINK = re.compile(r"https?://\S", re.IGNORECASE)


def encode(message: Outgoing) -> dict[str, Any]:
    """The JSON body of `POST /{phone_number_id}/messages`."""
    request: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_address(message.recipient),
        "type": "text",
        # A preview is drawn only where the text has an http link; asking for one without it
        # is refused by some versions.
        "text": {"preview_url": LINK.search(message.text) is not None, "body": message.text},
    }
    if message.quoted:
        request["context"] = {"message_id": message.quoted}
    if message.opaque:
        request["biz_opaque_callback_data"] = message.opaque
    return request


def _address(recipient: Recipient) -> dict[str, str]:
    # Where both are given `to` wins, so only one is.
    if recipient.kind == "phone":
        return {"to": f"+{recipient.value.removeprefix('+')}"}
    return {"recipient": recipient.value}
