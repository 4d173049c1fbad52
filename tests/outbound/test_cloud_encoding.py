"""Golden requests: what leaves is, key for key, what the platform documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messaging.providers.cloud.checks import problems
from messaging.providers.cloud.encoding import encode
from messaging.providers.outgoing import Outgoing, OutgoingFile, Recipient

PHONE = Recipient(kind="phone", value="16505551234")
BSUID = Recipient(kind="bsuid", value="US.13491208655302741918")
INDIA = Recipient(kind="phone", value="91xxxxxxxxxx")
QUOTED = "wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA="
# Documented requests that leave out what has a default, and that we say aloud.
UNSAID: dict[str, dict[str, Any]] = {
    "text_to_bsuid": {"text": {"preview_url": False, "body": "Yes, it also comes in green."}},
    "contacts": {"recipient_type": "individual"},
}


def sample(payloads: Path, name: str) -> dict[str, Any]:
    path = payloads / "cloud" / f"api_send_request_{name}.json"
    body: dict[str, Any] = json.loads(path.read_text())
    return body | UNSAID.get(name, {})


def uploaded(kind: str, provider_id: str, filename: str = "") -> OutgoingFile:
    return OutgoingFile(kind=kind, mime_type="", filename=filename, provider_id=provider_id)


GOLDEN: dict[str, dict[str, Any]] = {
    "text_reply": {"kind": "text", "text": "You're welcome, Pablo!", "quoted": QUOTED},
    "text_to_bsuid": {"kind": "text", "text": "Yes, it also comes in green.", "recipient": BSUID},
    "image": {
        "kind": "image",
        "text": "The best succulent ever?",
        "content": {"image": {"upload": 7}},
        "file": uploaded("image", "1479537139650973", "succulent.jpg"),
    },
    "video": {
        "kind": "video",
        "text": "A succulent eclipse!",
        "content": {"video": {"upload": 7}},
        "file": uploaded("video", "1166846181421424"),
    },
    "audio_voice": {
        "kind": "voice",
        "content": {"audio": {"upload": 7}},
        "file": uploaded("voice", "1013859600285441"),
    },
    "document": {
        "kind": "document",
        "text": "Your order confirmation (PDF)",
        "content": {"document": {"upload": 7}},
        "file": uploaded("document", "1376223850470843", "order_abc123.pdf"),
    },
    "sticker": {"kind": "sticker", "content": {"sticker": {"id": "798882015472548"}}},
    "location": {"kind": "location"},
    "contacts": {"kind": "contacts"},
    # A reaction is about a message already, so it quotes none.
    "reaction": {"kind": "reaction", "quoted": QUOTED},
    "interactive_buttons": {"kind": "interactive"},
    "interactive_list": {"kind": "interactive"},
    "interactive_cta_url": {"kind": "interactive"},
    "interactive_address_india": {"kind": "interactive", "recipient": INDIA},
    "interactive_request_contact_info": {"kind": "interactive", "recipient": BSUID},
    "template_named_params": {"kind": "template"},
    "template_positional_params": {"kind": "template"},
}


def outgoing(request: dict[str, Any], fields: dict[str, Any]) -> Outgoing:
    """A message whose content is the documented object, where the row does not say otherwise."""
    kind = fields["kind"]
    defaults = {"text": "", "recipient": PHONE}
    if kind != "text":
        defaults["content"] = {kind: request.get(kind)}
    return Outgoing(**{**defaults, **fields})


@pytest.mark.parametrize("name", GOLDEN)
def test_a_request_is_the_documented_one(payloads: Path, name: str) -> None:
    expected = sample(payloads, name)
    message = outgoing(expected, GOLDEN[name])
    assert encode(message) == expected
    assert problems(message.kind, message.text, message.content) == {}


def test_every_documented_message_is_in_the_table(payloads: Path) -> None:
    names = {
        path.stem.removeprefix("api_send_request_")
        for path in (payloads / "cloud").glob("api_send_request_*.json")
    }
    # These two are no messages: they tell the customer that theirs was seen.
    assert names - {"mark_read", "typing_and_read"} == set(GOLDEN)


@pytest.mark.parametrize(
    ("body", "previewed"),
    [
        ("See https://example.com/cake", True),
        ("HTTP://EXAMPLE.COM", True),
        ("example.com", False),
        ("https:// is a scheme", False),
    ],
)
def test_a_preview_is_asked_for_where_there_is_a_link(body: str, previewed: bool) -> None:
    text = Outgoing(kind="text", recipient=PHONE, text=body)
    assert encode(text)["text"] == {"preview_url": previewed, "body": body}


def test_a_preview_that_nobody_wants_is_not_asked_for() -> None:
    content = {"text": {"preview_url": False}}
    text = Outgoing(kind="text", recipient=PHONE, text="https://example.com", content=content)
    assert encode(text)["text"]["preview_url"] is False


def test_a_file_the_platform_does_not_have_travels_as_a_link() -> None:
    file = OutgoingFile(kind="document", mime_type="", filename="a.pdf", link="https://a.example/1")
    message = Outgoing(
        kind="document",
        recipient=PHONE,
        text="",
        content={"document": {"upload": 7, "mime_type": "application/pdf"}},
        file=file,
    )
    assert encode(message)["document"] == {"link": "https://a.example/1", "filename": "a.pdf"}


def test_taking_a_reaction_back_is_an_empty_emoji() -> None:
    content = {"reaction": {"message_id": "wamid.X", "emoji": ""}}
    message = Outgoing(kind="reaction", recipient=PHONE, text="", content=content)
    assert encode(message)["reaction"] == {"message_id": "wamid.X", "emoji": ""}


def test_asking_where_somebody_is() -> None:
    wanted = {
        "type": "location_request_message",
        "body": {"text": "Where to?"},
        "action": {"name": "send_location"},
    }
    message = Outgoing(
        kind="interactive", recipient=PHONE, text="Where to?", content={"interactive": wanted}
    )
    assert problems(message.kind, message.text, message.content) == {}
    assert encode(message)["interactive"] == wanted


def test_the_attempt_travels_along() -> None:
    recipient = Recipient(kind="phone", value="+1")
    text = Outgoing(kind="text", recipient=recipient, text="x", opaque="v1.a.b")
    assert encode(text)["biz_opaque_callback_data"] == "v1.a.b"
    assert encode(text)["to"] == "+1"
