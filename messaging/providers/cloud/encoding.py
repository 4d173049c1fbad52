"""Messages as the Cloud API wants them; pure.

Source: Cloud API reference, "Messages"; Graph API, "Business-scoped user IDs".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LINK = re.compile(r"https?://\S", re.IGNORECASE)


class RecipientKind(StrEnum):
    PHONE = "phone"
    BSUID = "bsuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A free text to one recipient.

    `recipient` is a phone number's digits or a business-scoped user id, `quoted` the wamid of
    the message it answers, `opaque` comes back in every status of it.
    """

    recipient_kind: RecipientKind
    recipient: str
    body: str
    quoted: str = ""
    opaque: str = ""


def encode(text: Text) -> dict[str, Any]:
    """The JSON body of `POST /{phone_number_id}/messages`."""
    request: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_address(text),
        "type": "text",
        # A preview is drawn only where the text has an http link; asking for one without it
        # is refused by some versions.
        "text": {"preview_url": LINK.search(text.body) is not None, "body": text.body},
    }
    if text.quoted:
        request["context"] = {"message_id": text.quoted}
    if text.opaque:
        request["biz_opaque_callback_data"] = text.opaque
    return request


def _address(text: Text) -> dict[str, str]:
    # Where both are given `to` wins, so only one is.
    if text.recipient_kind is RecipientKind.PHONE:
        return {"to": f"+{text.recipient.removeprefix('+')}"}
    return {"recipient": text.recipient}
