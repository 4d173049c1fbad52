"""What leaves for Twilio and for WAHA, and what is refused before it is queued."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from messaging.providers import PROVIDERS
from messaging.providers.outgoing import Outgoing, OutgoingFile, Recipient
from tests.outbound.cloud_messages import CARD

CARLA = Recipient(kind="phone", value="12132132130")
PLACE = {"latitude": 38.71, "longitude": -9.13, "name": "Padaria", "address": "Rua 1"}
LINK = "https://inbox.example/files/1/"
PHOTO = OutgoingFile(kind="image", mime_type="image/png", filename="a.png", link=LINK)
TEMPLATE = {
    "name": "HX1",
    "language": {"code": "en"},
    "components": [
        {"type": "header", "parameters": [{"type": "text", "text": "Carla"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "12"}]},
    ],
}


def encoded(provider: str, kind: str, **given: Any) -> dict[str, Any]:
    sending = PROVIDERS[provider].sending
    assert sending is not None
    defaults: dict[str, Any] = {"text": "", "recipient": CARLA}
    return sending.encode(Outgoing(kind=kind, **(defaults | given)))


@pytest.mark.parametrize(
    ("kind", "given", "fields"),
    [
        ("text", {"text": "Hi there!", "quoted": "SM1"}, {"Body": "Hi there!"}),
        ("image", {"text": "Look", "file": PHOTO}, {"MediaUrl": LINK, "Body": "Look"}),
        ("voice", {"content": {"audio": {"link": LINK}}}, {"MediaUrl": LINK}),
        (
            "location",
            {"content": {"location": PLACE}},
            {"Body": "Padaria", "PersistentAction": "geo:38.71,-9.13|Rua 1"},
        ),
        (
            "template",
            {"text": "as it reads", "content": {"template": TEMPLATE}},
            {"ContentSid": "HX1", "ContentVariables": '{"1": "Carla", "2": "12"}'},
        ),
    ],
)
def test_twilio_gets_the_fields_of_a_form(
    kind: str, given: dict[str, Any], fields: dict[str, str]
) -> None:
    assert encoded("twilio", kind, **given) == {"To": "whatsapp:+12132132130", **fields}


def test_twilio_writes_to_a_hidden_phone_by_its_id() -> None:
    hidden = Recipient(kind="bsuid", value="US.1349")
    assert encoded("twilio", "text", text="Hi", recipient=hidden)["To"] == "whatsapp:US.1349"


def test_waha_gets_the_documented_text(payloads: Path) -> None:
    golden = json.loads((payloads / "waha" / "api_send_text_request.json").read_text())
    content = {"text": {"preview_url": True}}
    call = encoded("waha", "text", text="Hi there!", content=content)
    assert (call["method"], call["path"]) == ("POST", "/api/sendText")
    assert golden == {"session": "default", "reply_to": None} | call["json"]


@pytest.mark.parametrize(
    ("kind", "given", "path", "body"),
    [
        (
            "image",
            {"text": "Look", "file": PHOTO},
            "/api/sendImage",
            {
                "file": {"mimetype": "image/png", "filename": "a.png", "url": LINK},
                "caption": "Look",
            },
        ),
        (
            "video",
            {"content": {"video": {"link": LINK}}},
            "/api/sendVideo",
            {"file": {"url": LINK}},
        ),
        (
            "voice",
            {"content": {"audio": {"link": LINK}}},
            "/api/sendVoice",
            {"file": {"url": LINK}},
        ),
        (
            "document",
            {"file": PHOTO},
            "/api/sendFile",
            {"file": {"mimetype": "image/png", "filename": "a.png", "url": LINK}},
        ),
        (
            "location",
            {"content": {"location": PLACE}},
            "/api/sendLocation",
            {"latitude": 38.71, "longitude": -9.13, "title": "Padaria, Rua 1"},
        ),
    ],
)
def test_waha_gets_one_call_for_each_kind(
    kind: str, given: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    call = encoded("waha", kind, **given)
    assert call == {"method": "POST", "path": path, "json": {"chatId": "12132132130@c.us", **body}}


def test_waha_gets_a_quote_and_the_bytes_where_there_is_no_address() -> None:
    file = OutgoingFile(kind="image", mime_type="image/png", filename="a.png", data=b"png")
    call = encoded("waha", "image", file=file, quoted="false_1@c.us_A")
    assert call["json"]["reply_to"] == "false_1@c.us_A"
    assert (call["json"]["file"].keys(), call["data"]) == ({"mimetype", "filename"}, "cG5n")


@pytest.mark.parametrize(
    ("recipient", "chat"),
    [
        (Recipient(kind="lid", value="123"), "123@lid"),
        (Recipient(kind="group", value="1-2@g.us"), "1-2@g.us"),
        (Recipient(kind="phone", value="+351"), "351@c.us"),
    ],
)
def test_waha_chats_are_named_by_what_the_contact_is(recipient: Recipient, chat: str) -> None:
    assert encoded("waha", "text", text="Hi", recipient=recipient)["json"]["chatId"] == chat


def test_waha_puts_a_reaction_on_a_message() -> None:
    reaction = {"message_id": "false_1@c.us_A", "emoji": ""}
    assert encoded("waha", "reaction", content={"reaction": reaction}) == {
        "method": "PUT",
        "path": "/api/reaction",
        "json": {"messageId": "false_1@c.us_A", "reaction": ""},
    }


def test_waha_gets_cards_that_stay_within_their_lines() -> None:
    card = {**CARD, "name": {"formatted_name": "Ana\nTEL:1;2", "first_name": "Ana"}}
    call = encoded("waha", "contacts", content={"contacts": [card]})
    [contact] = call["json"]["contacts"]
    lines = contact["vcard"].split("\n")
    assert lines[:2] + lines[-1:] == ["BEGIN:VCARD", "VERSION:3.0", "END:VCARD"]
    assert "FN:Ana\\nTEL:1\\;2" in lines


@pytest.mark.parametrize(
    ("provider", "kind", "text", "content", "path"),
    [
        ("twilio", "text", "a" * 1601, {}, "text"),
        ("twilio", "image", "a" * 1601, {"image": {"link": LINK}}, "text"),
        ("twilio", "image", "", {"image": {"id": "1"}}, "content.image.id"),
        ("waha", "image", "", {"image": {"id": "1"}}, "content.image.id"),
        ("waha", "text", "a" * 4097, {}, "text"),
        (
            "waha",
            "reaction",
            "",
            {"reaction": {"message_id": "wamid.1", "emoji": "👍"}},
            "content.reaction.message_id",
        ),
        (
            "waha",
            "reaction",
            "",
            {"reaction": {"message_id": "true_1@c.us_A", "emoji": "hello"}},
            "content.reaction.emoji",
        ),
    ],
)
def test_what_would_be_refused_is_found_before(
    provider: str, kind: str, text: str, content: dict[str, Any], path: str
) -> None:
    sending = PROVIDERS[provider].sending
    assert sending is not None
    assert [*sending.problems(kind, text, content)] == [path]


@pytest.mark.parametrize("provider", ["twilio", "waha"])
def test_what_can_be_sent_has_no_problems(provider: str) -> None:
    sending = PROVIDERS[provider].sending
    assert sending is not None
    assert sending.problems("text", "Hi", {}) == {}
    assert sending.problems("location", "", {"location": PLACE}) == {}
    assert sending.problems("image", "Look", {"image": {"link": LINK}}) == {}
