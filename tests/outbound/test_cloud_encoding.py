from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messaging.providers.cloud.encoding import encode
from messaging.providers.outgoing import Outgoing, Recipient


def sample(payloads: Path, name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((payloads / "cloud" / f"{name}.json").read_text())
    return body


def test_a_quoted_reply_to_a_phone_is_the_documented_request(payloads: Path) -> None:
    text = Outgoing(
        kind="text",
        recipient=Recipient(kind="phone", value="16505551234"),
        text="You're welcome, Pablo!",
        quoted="wamid.HBgLMTY0NjcwNDM1OTUVAgASGBQzQTdCNTg5RjY1MEMyRjlGMjRGNgA=",
    )
    assert encode(text) == sample(payloads, "api_send_request_text_reply")


def test_a_text_to_a_bsuid_has_a_recipient_and_no_to(payloads: Path) -> None:
    text = Outgoing(
        kind="text",
        recipient=Recipient(kind="bsuid", value="US.13491208655302741918"),
        text="Yes, it also comes in green.",
    )
    expected = sample(payloads, "api_send_request_text_to_bsuid")
    expected["text"]["preview_url"] = False
    assert encode(text) == expected


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
    text = Outgoing(kind="text", recipient=Recipient(kind="phone", value="1"), text=body)
    assert encode(text)["text"] == {"preview_url": previewed, "body": body}


def test_the_attempt_travels_along() -> None:
    text = Outgoing(
        kind="text", recipient=Recipient(kind="phone", value="+1"), text="x", opaque="v1.a.b"
    )
    assert encode(text)["biz_opaque_callback_data"] == "v1.a.b"
    assert encode(text)["to"] == "+1"
