"""Twilio's webhooks → items: every sample, and whatever else may come."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.items import (
    Amendment,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    MediaReference,
    Party,
    StatusUpdate,
)
from messaging.providers.twilio.decoding import decode
from tests.messaging.storable import assert_storable

NOW = 1_795_000_000
PAYLOADS = Path(__file__).parent.parent / "payloads" / "twilio"
BODIES = sorted(
    path
    for path in PAYLOADS.glob("*.json")
    if not path.name.startswith("api_") and path.name != "signature_vector.json"
)
OURS = "15550100999"
PHONE = ("phone", "15550100111")
BSUID = ("bsuid", "US.13491208655302741918")
PARENT = ("parent_bsuid", "US.ENT.11815799212886844830")
ACCOUNT = "https://api.twilio.com/2010-04-01/Accounts/ACXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
OUTSIDE = "Failed to send freeform message because you are outside the allowed window."


def message(number: int, kind: str, text: str, /, prefix: str = "SM", **more: Any) -> Item:
    party = Party(identities=more.pop("identities", (PHONE,)), name="Test Person")
    if username := more.pop("username", ""):
        party = Party(identities=party.identities, name=party.name, username=username)
    return InboundMessage(
        channel=OURS,
        channel_number=OURS,
        provider_id=f"{prefix}{number:032}",
        party=party,
        at=None,
        kind=kind,
        text=text,
        **more,
    )


def status(word: str, code: str = "", title: str = "") -> Item:
    return StatusUpdate(
        channel=OURS,
        channel_number=OURS,
        provider_id=f"SM{500:032}",
        status=word,
        at=None,
        error_code=code,
        error_title=title,
    )


def media(kind: str, message_number: int, number: int, mime: str, filename: str = "") -> Any:
    url = f"{ACCOUNT}/Messages/MM{message_number:032}/Media/ME{number:032}"
    return (MediaReference(kind=kind, url=url, mime_type=mime, filename=filename),)


SAMPLES: dict[str, Item] = {
    "inbound_text": message(1, "text", "Hello, is the shop open today?"),
    "inbound_image_caption": message(
        2,
        "image",
        "Broken on arrival",
        "MM",
        content={"image": {"mime_type": "image/jpeg", "caption": "Broken on arrival"}},
        media=media("image", 2, 1, "image/jpeg"),
    ),
    "inbound_voice_note": message(
        3,
        "audio",
        "",
        "MM",
        content={"audio": {"mime_type": "audio/ogg"}},
        media=media("audio", 3, 2, "audio/ogg"),
    ),
    "inbound_document_pdf": message(
        4,
        "document",
        "",
        "MM",
        content={"document": {"mime_type": "application/pdf", "filename": "invoice.pdf"}},
        media=media("document", 4, 3, "application/pdf", "invoice.pdf"),
    ),
    "inbound_location": message(
        5,
        "location",
        "",
        content={
            "location": {
                "latitude": 37.7879277,
                "longitude": -122.3937508,
                "name": "Twilio HQ",
                "address": "375 Beale St, San Francisco, CA 94105",
            }
        },
    ),
    "inbound_template_button": message(
        6,
        "button",
        "Konfirmasi",
        content={"button": {"text": "Konfirmasi", "payload": "{verifyEmail:asd@example.com}"}},
        identities=(PHONE, ("bsuid", "ID.4566546130240823")),
        reply_to=f"MM{77:032}",
    ),
    "inbound_list_reply": message(
        7,
        "interactive",
        "Saturday 10:00",
        content={
            "interactive": {
                "type": "list_reply",
                "list_reply": {"id": "slot-sat-10", "title": "Saturday 10:00"},
            }
        },
        reply_to=f"MM{78:032}",
    ),
    "inbound_reply_quoted": message(8, "text", "Yes, that one", reply_to=f"SM{900:032}"),
    "inbound_forwarded": message(
        9, "text", "Look at this", content={"context": {"forwarded": True}}
    ),
    "inbound_referral_ctwa": message(
        10,
        "text",
        "Hi, more info please",
        content={
            "referral": {
                "source_url": "https://fb.me/exampleAd",
                "source_id": "120200000000000001",
                "source_type": "ad",
                "headline": "Chat with us",
                "body": "Summer sale",
                "media_type": "image",
                "image_url": "https://example.com/ad.jpg",
                "ctwa_clid": "CTWA_CLID_EXAMPLE",
            }
        },
    ),
    "inbound_bsuid_and_phone": message(
        11, "text", "I use a username now", identities=(PHONE, BSUID), username="testperson"
    ),
    "inbound_bsuid_only": message(
        12, "text", "No phone number shared", identities=(BSUID, PARENT), username="testperson"
    ),
    "status_queued": status("queued"),
    "status_sent": status("sent"),
    "status_delivered": status("delivered"),
    "status_read": status("read"),
    "status_failed_63016_outside_window": status("failed", "63016", OUTSIDE),
    "status_undelivered_63024": status("failed", "63024", "Invalid message recipient"),
}
TEXT = json.loads((PAYLOADS / "inbound_text.json").read_text())
DELIVERED = json.loads((PAYLOADS / "status_delivered.json").read_text())


def read(fields: dict[str, Any], **more: Any) -> Any:
    """The one item of a form with these fields; None takes a field away."""
    given = {name: value for name, value in {**fields, **more}.items() if value is not None}
    (item,) = decode(urlencode(given, doseq=True).encode(), now=NOW)
    return item


def test_every_sample_is_in_the_table() -> None:
    assert {path.stem for path in BODIES} == SAMPLES.keys()


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_sample_is_read_exactly(path: Path) -> None:
    fields = json.loads(path.read_text())
    assert read(fields) == SAMPLES[path.stem]
    assert decode(path.read_bytes(), now=NOW) == [SAMPLES[path.stem]]  # as JSON too


KINDS: dict[str, tuple[dict[str, Any], str, str, dict[str, Any]]] = {
    "sticker": (
        {"MessageType": "sticker", "Body": "", "MediaUrl0": "u", "MediaContentType0": "image/webp"},
        "sticker",
        "",
        {"sticker": {"mime_type": "image/webp"}},
    ),
    "sticker without a type": (
        {"MessageType": None, "Body": "", "MediaUrl0": "u", "MediaContentType0": "image/webp"},
        "sticker",
        "",
        {"sticker": {"mime_type": "image/webp"}},
    ),
    "video without a type": (
        {"MessageType": None, "NumMedia": "1", "MediaUrl0": "u", "MediaContentType0": "video/mp4"},
        "video",
        TEXT["Body"],
        {"video": {"mime_type": "video/mp4", "caption": TEXT["Body"]}},
    ),
    "unknown file without a type": (
        {"MessageType": None, "Body": "a.zip", "MediaUrl0": "u", "MediaContentType0": "x/y"},
        "document",
        "",
        {"document": {"mime_type": "x/y", "filename": "a.zip"}},
    ),
    "card": (
        {"MessageType": "contacts", "MediaUrl0": "u", "MediaContentType0": "text/vcard"},
        "contacts",
        TEXT["Body"],
        {"contacts": [{"name": {"formatted_name": TEXT["Body"]}}]},
    ),
    "card without a type": (
        {"MessageType": None, "Body": "", "MediaUrl0": "u", "MediaContentType0": "text/x-vcard"},
        "contacts",
        "",
        {"contacts": []},
    ),
    "place without a type": (
        {"MessageType": None, "Body": "", "Latitude": "1.5", "Longitude": "x"},
        "location",
        "",
        {"location": {"latitude": 1.5}},
    ),
    "button without a type": (
        {"MessageType": None, "ButtonText": "Yes"},
        "button",
        "Yes",
        {"button": {"text": "Yes", "payload": ""}},
    ),
    "row with a description, without a type": (
        {"MessageType": None, "ListId": "1", "ListTitle": "One", "ListDescription": "first"},
        "interactive",
        "One",
        {
            "interactive": {
                "type": "list_reply",
                "list_reply": {"id": "1", "title": "One", "description": "first"},
            }
        },
    ),
    "flow": (
        {"MessageType": "interactive", "Body": "Sent", "FlowData": '{"a":1}'},
        "interactive",
        "Sent",
        {
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"a":1}'},
            }
        },
    ),
    "flow under its other name": (
        {"MessageType": "interactive", "Body": None, "InteractiveData": "{}"},
        "interactive",
        "",
        {
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {"name": "flow", "body": "", "response_json": "{}"},
            }
        },
    ),
    "often forwarded": (
        {"Forwarded": "true", "FrequentlyForwarded": "True"},
        "text",
        TEXT["Body"],
        {"context": {"forwarded": True, "frequently_forwarded": True}},
    ),
    "text without a type or body": ({"MessageType": None, "Body": None}, "text", "", {}),
    "infinitely far away": (
        {"MessageType": "location", "Latitude": "inf", "Longitude": "nan"},
        "location",
        TEXT["Body"],
        {"location": {}},
    ),
    "advertisement with a film": (
        {"ReferralMediaUrl": "u", "ReferralMediaContentType": "video/mp4"},
        "text",
        TEXT["Body"],
        {"referral": {"media_type": "video", "video_url": "u"}},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_there_says_what_it_is(name: str) -> None:
    fields, kind, text, content = KINDS[name]
    item = read(TEXT, **fields)
    assert (item.kind, item.text, item.content) == (kind, text, content)
    assert [(each.kind, each.url, each.error) for each in item.media] == (
        [(kind, "u", "")] if "MediaUrl0" in fields else []
    )


@pytest.mark.parametrize("name", ["unsupported", "order", "hologram"])
def test_an_unknown_kind_keeps_every_field(name: str) -> None:
    fields = {**TEXT, "MessageType": name, "Novelty": "7", "MediaUrl0": "u"}
    item = read(fields)
    assert (item.kind, item.text, item.content) == ("unsupported", TEXT["Body"], fields)
    assert [(each.kind, each.url) for each in item.media] == [("document", "u")]


def test_a_reaction_is_about_its_message() -> None:
    item = read(TEXT, MessageType="reaction", Body="🙏", OriginalRepliedMessageSid="SM5")
    party = Party(identities=(PHONE,), name="Test Person")
    assert item == Amendment(
        kind="reaction",
        channel=OURS,
        channel_number=OURS,
        provider_id=TEXT["MessageSid"],
        targets=("SM5",),
        party=party,
        at=None,
        emoji="🙏",
    )
    assert read(TEXT, MessageType="reaction").kind == "unsupported"


@pytest.mark.parametrize("count", ["", "0", "-1", "x", "9" * 5000, "1e9", None])
def test_the_files_that_are_there_count(count: str | None) -> None:
    files = {f"MediaUrl{number}": f"u{number}" for number in (0, 2, 9, 10)}
    item = read(TEXT, MessageType="image", NumMedia=count, **files)
    assert [each.url for each in item.media] == ["u0", "u2", "u9"]


def test_a_file_without_an_address_is_one_that_failed() -> None:
    item = read(TEXT, MessageType="image", NumMedia="1")
    assert [(each.kind, each.url, bool(each.error)) for each in item.media] == [("image", "", True)]
    assert [each.kind for each in read(TEXT, NumMedia="2").media] == ["document"]


STATUSES = {
    "accepted": ("accepted", "", ""),
    "scheduled": ("scheduled", "", ""),
    "sending": ("sending", "", ""),
    "canceled": ("failed", "canceled", "Canceled before it was sent"),
    "Read": ("read", "", ""),
    "something-new-and-long-indeed": ("something-new-and-lo", "", ""),
}


@pytest.mark.parametrize("word", STATUSES)
def test_a_status_off_the_ladder_keeps_its_word(word: str) -> None:
    item = read(DELIVERED, MessageStatus=word, SmsStatus=word)
    assert (item.status, item.error_code, item.error_title) == STATUSES[word]


def test_only_what_is_said_of_our_own_messages_is_a_status() -> None:
    assert read(DELIVERED, MessageStatus=None).status == "delivered"
    assert read(DELIVERED, Body="as it was sent", NumMedia="0").status == "delivered"
    assert read(TEXT, MessageStatus="received").kind == "text"
    assert read(TEXT, SmsStatus="receiving").kind == "text"
    assert read(TEXT, SmsStatus=None).kind == "text"
    assert read(TEXT, SmsStatus="novel").kind == "text"
    bare = {name: TEXT[name] for name in ("From", "To", "MessageSid", "SmsStatus")}
    assert read(bare).kind == "text"
    assert read(bare, MessageStatus="sent").kind == "text"


ADDRESSES = {
    "whatsapp:+15550100111": PHONE,
    "WhatsApp: 15550100111 ": PHONE,
    "whatsapp:US.ENT.11815799212886844830": PARENT,
    "US.13491208655302741918": BSUID,
    "whatsapp:somebody": ("other", "somebody"),
    "whatsapp:+١٥": ("other", "+١٥"),
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_shape_of_an_id_says_what_it_is(address: str) -> None:
    assert read(TEXT, From=address, WaId=None).party.identities == (ADDRESSES[address],)
    shown = read(TEXT, From=None, WaId=None, ExternalUserId=address)
    assert shown.party.identities == (ADDRESSES[address],)


def test_a_sender_without_any_id_names_nobody() -> None:
    assert read(TEXT, From="whatsapp:", WaId="", ProfileName=None).party == Party(identities=())


def test_an_address_of_ours_that_is_no_number_is_taken_as_it_is() -> None:
    item = read(TEXT, To="whatsapp:shop")
    assert (item.channel, item.channel_number) == ("shop", "")


IGNORED = {
    "an SMS": {**TEXT, "From": "+15550100111", "To": "+15550100999"},
    "a status of an SMS": {**DELIVERED, "From": "+15550100999", "To": "+15550100111"},
    "of another network": {**TEXT, "From": "messenger:1", "To": "messenger:2"},
}


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_whatsapp_is_ignored_with_a_reason(name: str) -> None:
    item = read(IGNORED[name])
    assert isinstance(item, Ignored)
    assert item.kind == ("status" if "status" in name else "message")
    assert "WhatsApp" in item.reason


@pytest.mark.parametrize("body", [b"", b" \r\n", b"&&", b"=", b"%00=1", b"{}", b"=x&=y"])
def test_a_body_with_nothing_in_it_is_empty(body: bytes) -> None:
    assert decode(body, now=NOW) == [Ignored(kind="unknown", reason="empty")]


MALFORMED = {
    "no sid": {**TEXT, "MessageSid": None, "SmsSid": None, "SmsMessageSid": None},
    "a sid too long": {**TEXT, "MessageSid": "S" * 256},
    "to nobody": {**TEXT, "To": None},
    "to nobody from nobody": {**TEXT, "To": None, "From": None},
    "a status from nobody": {**DELIVERED, "From": ""},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_filed_is_kept_for_a_person(name: str) -> None:
    item = read(MALFORMED[name])
    assert isinstance(item, Malformed)
    assert item.reason
    assert item.payload == {
        key: value for key, value in MALFORMED[name].items() if value is not None
    }


def test_any_of_the_sids_names_the_message() -> None:
    assert read(TEXT, MessageSid=None).provider_id == TEXT["SmsSid"]
    assert read(TEXT, MessageSid=None, SmsSid="").provider_id == TEXT["SmsMessageSid"]


BYTES = {
    b"%00a%00": "a",
    b"%ED%A0%80": "\ufffd\ufffd\ufffd",
    b"\xff": "\ufffd",
    "é".encode(): "é",
    b"%C3%A9+%2B%26%3D": "é +&=",
    b"%zz%": "%zz%",
    b"a;b": "a;b",
}


@pytest.mark.parametrize("raw", BYTES)
def test_whatever_a_form_spells_becomes_text(raw: bytes) -> None:
    form = urlencode({**TEXT, "Body": ""}).encode().replace(b"Body=", b"Body=" + raw)
    (item,) = decode(form, now=NOW)
    assert item.text == BYTES[raw]


def test_no_value_is_longer_than_its_column() -> None:
    long = dict.fromkeys(("OriginalRepliedMessageSid", "ProfileName", "To", "From"), "x" * 300)
    assert_storable([read(TEXT | long, From=f"whatsapp:{'x' * 300}")])
    assert_storable([read(TEXT, To=f"whatsapp:+{'1' * 300}")])


def test_of_a_repeated_field_the_first_counts() -> None:
    assert read(TEXT, Body=["one", "two"]).text == "one"


# --- anything at all ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "wish"),
    [("STOP", "stop"), ("start", "start"), ("HELP", ""), ("", ""), (None, "")],
)
def test_what_twilio_took_for_an_opt_out_is_a_wish(given: str | None, wish: str) -> None:
    fields = json.loads((PAYLOADS / "inbound_text.json").read_text())
    assert read(fields, Body="Chega", OptOutType=given).wish == wish


NAMES = sorted({name for path in BODIES for name in json.loads(path.read_text())} | {"NumMedia"})
anything = st.text(st.characters(exclude_categories=()), max_size=20)  # surrogates too
words = st.one_of(
    anything,
    st.sampled_from(
        ["\0", "whatsapp:", "whatsapp:+1", "9" * 400, "-1", "nan", "{", "text", "x" * 300]
    ),
    st.sampled_from(["reaction", "contacts", "button", "delivered", "received", "true"]),
)


@given(
    st.sampled_from(BODIES),
    st.lists(st.sampled_from(NAMES), max_size=3),
    st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), words, max_size=5),
)
def test_no_form_breaks_the_decoder(path: Path, gone: list[str], new: dict[str, str]) -> None:
    fields = {**json.loads(path.read_text()), **new}
    for name in gone:
        fields.pop(name, None)
    form = urlencode(fields, errors="surrogatepass").encode()
    assert_storable(decode(form, now=NOW))
    assert_storable(decode(json.dumps(fields).encode(), now=NOW))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(body: bytes) -> None:
    assert_storable(decode(body, now=NOW))
    assert_storable(decode(b"{" + body, now=NOW))
