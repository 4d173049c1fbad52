"""WAHA's webhooks → items: every sample, and whatever else may come."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.items import (
    Amendment,
    ChannelChange,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    MediaReference,
    Notice,
    Party,
    StatusUpdate,
)
from messaging.providers.waha.decoding import decode
from tests.messaging.storable import assert_storable

NOW = 1_795_000_000
PAYLOADS = Path(__file__).parent.parent / "payloads" / "waha"
BODIES = sorted(
    path
    for path in PAYLOADS.glob("*.json")
    if not path.name.startswith("api_") and path.name != "hmac_vector.json"
)
OURS = "71111111111"
THEM = Party(identities=(("phone", "11111111111"),))
SAID_AT = 1_667_561_485
TOLD_AT = 1_741_249_702
FILES = "http://localhost:3000/api/files/default/"


def message(name: str, text: str = "", /, **more: Any) -> Item:
    side = "true" if more.get("echo") else "false"
    return InboundMessage(
        channel="default",
        channel_number=OURS,
        provider_id=f"{side}_11111111111@c.us_{name}",
        party=THEM,
        at=SAID_AT,
        kind=more.pop("kind", "text"),
        text=text,
        **more,
    )


def amendment(kind: str, provider_id: str, /, **more: Any) -> Item:
    return Amendment(
        kind=kind,
        channel="default",
        channel_number=OURS,
        provider_id=provider_id,
        **{"party": THEM, "at": SAID_AT, **more},
    )


def status(provider_id: str, word: str, **more: Any) -> Item:
    return StatusUpdate(
        channel="default",
        channel_number=OURS,
        provider_id=provider_id,
        status=word,
        at=TOLD_AT,
        **more,
    )


def session(word: str, *history: tuple[str, int]) -> Item:
    statuses = [{"status": status, "timestamp": at} for status, at in history]
    return Notice(
        kind="session.status",
        payload={"status": word, "statuses": statuses, "data": None},
        channel="default",
        at=TOLD_AT,
        effect=ChannelChange(health=word),
    )


CAPTION = "Check this out (caption for the media)!"
BARE_TARGETS = (
    "false_11111111111@c.us_AAAAAAAAAAAAAAAAAAAA",
    "true_11111111111@c.us_AAAAAAAAAAAAAAAAAAAA",
    "AAAAAAAAAAAAAAAAAAAA",
)
REACTION = {
    "party": Party(identities=(("phone", "79111111"),)),
    "targets": (f"true_79111111@c.us_{'1' * 32}",),
}
SAMPLES: dict[str, Item] = {
    "message_text": message("AAAAAAAAAAAAAAAAAAAA", "Hi there!"),
    "message_image_caption": message(
        "BBBB",
        CAPTION,
        kind="image",
        content={"image": {"mime_type": "image/jpeg", "caption": CAPTION}},
        media=(
            MediaReference(
                kind="image",
                url=f"{FILES}false_11111111111@c.us_BBBB.jpg",
                mime_type="image/jpeg",
            ),
        ),
    ),
    "message_document": message(
        "CCCC",
        kind="document",
        content={"document": {"mime_type": "application/pdf", "filename": "some-file.pdf"}},
        media=(
            MediaReference(
                kind="document",
                url=f"{FILES}false_11111111111@c.us_CCCC.pdf",
                mime_type="application/pdf",
                filename="some-file.pdf",
            ),
        ),
    ),
    "message_media_not_downloaded": message(
        "DDDD",
        kind="document",
        content={"document": {}},
        media=(MediaReference(kind="document", error="WAHA has not downloaded this file."),),
    ),
    "message_reply_to": message("EEEE", "Yes!", reply_to="true_11111111111@c.us_FFFF"),
    "message_any_from_me_api": message("GGGG", "Sent through the API", echo=True, status="sent"),
    "message_any_from_me_app": message("HHHH", "Typed on the phone", echo=True, status="sent"),
    "message_waiting": message(
        "IIII", kind="unsupported", echo=True, status="sent", is_placeholder=True
    ),
    "message_edited": amendment(
        "edit", "false_11111111111@c.us_JJJJ", text="New body", targets=BARE_TARGETS
    ),
    "message_revoked": amendment("revoke", "false_11111111111@c.us_KKKK", targets=BARE_TARGETS),
    "message_reaction": amendment(
        "reaction", f"false_79111111@c.us_{'1' * 32}", emoji="🙏", at=1_710_481_111, **REACTION
    ),
    "message_reaction_removed": amendment(
        "reaction", f"false_79111111@c.us_2{'1' * 31}", at=1_710_481_119, **REACTION
    ),
    "message_ack_read": status("true_11111111111@c.us_4CC5EDD64BC22EBA6D639F2AF571346C", "read"),
    "message_ack_error": status(
        "true_11111111111@c.us_5CC5EDD64BC22EBA6D639F2AF571346C",
        "failed",
        error_code="waha_ack_error",
        error_title="WhatsApp did not take the message",
    ),
    "message_ack_group": status(
        "true_11111111111@g.us_4CC5EDD64BC22EBA6D639F2AF571346C_9999@lid",
        "read",
        recipient="9999@lid",
    ),
    "session_status_working": session(
        "WORKING",
        ("STOPPED", 1_700_000_001_000),
        ("STARTING", 1_700_000_002_000),
        ("WORKING", 1_700_000_003_000),
    ),
    "session_status_scan_qr": session(
        "SCAN_QR_CODE", ("STARTING", 1_700_000_002_000), ("SCAN_QR_CODE", 1_700_000_003_000)
    ),
    "call_received": Notice(
        kind="call.received",
        payload={
            "id": "A" * 32,
            "from": "22222222222@c.us",
            "timestamp": 1_721_374_000,
            "isVideo": False,
            "isGroup": False,
            "_data": {},
        },
        channel="default",
        at=TOLD_AT,
    ),
    "group_v2_join": Ignored(kind="unknown", reason="group.v2.join needs nothing done"),
    "poll_vote": Ignored(kind="unknown", reason="poll.vote needs nothing done"),
    "presence_update": Ignored(kind="unknown", reason="presence.update needs nothing done"),
}


def sample(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def read(name: str, /, *, envelope: Any = None, **payload: Any) -> Any:
    """The one item of a sample with these changes; `...` takes a key away."""
    document = sample(name) | (envelope or {})
    document["payload"] = {**document["payload"], **payload}
    for part in (document["payload"], document):
        for key in [key for key, value in part.items() if value is ...]:
            del part[key]
    (item,) = decode(json.dumps(document).encode(), now=NOW)
    return item


def test_every_sample_is_in_the_table() -> None:
    assert {path.stem for path in BODIES} == SAMPLES.keys()


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_a_sample_is_read_exactly(path: Path) -> None:
    assert decode(path.read_bytes(), now=NOW) == [SAMPLES[path.stem]]


# --- kinds --------------------------------------------------------------------------------------


def of_type(mime_type: str) -> dict[str, Any]:
    return {"body": "", "hasMedia": True, "media": {"url": "u", "mimetype": mime_type}}


KINDS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "voice": (
        of_type("audio/ogg; codecs=opus"),
        "voice",
        {"audio": {"mime_type": "audio/ogg; codecs=opus", "voice": True}},
    ),
    "music": (of_type("audio/mpeg"), "audio", {"audio": {"mime_type": "audio/mpeg"}}),
    "film": (of_type("Video/mp4"), "video", {"video": {"mime_type": "Video/mp4"}}),
    "sticker": (of_type("image/webp"), "sticker", {"sticker": {"mime_type": "image/webp"}}),
    "file": (of_type("x/y"), "document", {"document": {"mime_type": "x/y"}}),
    "file without a flag": (
        of_type("x/y") | {"hasMedia": False},
        "document",
        {"document": {"mime_type": "x/y"}},
    ),
    "place": (
        {
            "body": "/9j/4AAQ thumbnail",
            "location": {"latitude": "52.5", "longitude": 13, "name": "Tor", "address": "Platz 1"},
        },
        "location",
        {"location": {"latitude": 52.5, "longitude": 13.0, "name": "Tor", "address": "Platz 1"}},
    ),
    "place of an older version": (
        {"body": "", "location": {"latitude": 1, "longitude": "NaN", "description": "Here"}},
        "location",
        {"location": {"latitude": 1.0, "name": "Here"}},
    ),
    "cards": (
        {"body": "BEGIN:VCARD", "vCards": ["BEGIN:VCARD\nFN:A", 7, "BEGIN:VCARD\nFN:B"]},
        "contacts",
        {"contacts": [{"vcard": "BEGIN:VCARD\nFN:A"}, {"vcard": "BEGIN:VCARD\nFN:B"}]},
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_there_says_what_it_is(name: str) -> None:
    changes, kind, content = KINDS[name]
    item = read("message_text", **changes)
    assert (item.kind, item.text, item.content) == (kind, "", content)
    assert [each.kind for each in item.media] == ([kind] if "media" in changes else [])


@pytest.mark.parametrize("changes", [{"body": ""}, {"body": None}, {"poll": {"name": "?"}}])
def test_what_is_not_recognised_keeps_everything(changes: dict[str, Any]) -> None:
    item = read("message_text", **changes)
    assert item.kind == "unsupported"
    assert item.content == {**sample("message_text")["payload"], **changes}


@pytest.mark.parametrize(
    ("media", "said"),
    [
        ({"url": None, "mimetype": "image/png", "error": None}, ""),
        ({"url": "u", "mimetype": "image/png", "error": "no space left"}, "no space left"),
        ({"url": "u", "mimetype": "image/png", "error": {"message": "gone"}}, "gone"),
        ({"url": ["u"], "mimetype": "image/png", "error": True}, ""),
    ],
)
def test_a_file_that_waha_does_not_have_says_why(media: dict[str, Any], said: str) -> None:
    (reference,) = read("message_image_caption", media=media).media
    assert (reference.kind, reference.url) == ("image", "")
    assert reference.error == f"WAHA has not downloaded this file. {said}".strip()


# --- chats --------------------------------------------------------------------------------------

CHATS = {
    "49151@c.us": ("phone", "49151"),
    "49151@s.whatsapp.net": ("phone", "49151"),
    "49151:12@s.whatsapp.net": ("phone", "49151"),
    "98765@lid": ("lid", "98765"),
    "98765:3@lid": ("lid", "98765"),
    "nobody@c.us": ("other", "nobody@c.us"),
    "1@hosted": ("other", "1@hosted"),
}


@pytest.mark.parametrize("chat", CHATS)
def test_a_chat_names_the_other_side(chat: str) -> None:
    assert read("message_text", **{"from": chat}).party.identities == (CHATS[chat],)
    written = read("message_any_from_me_app", to=chat)
    assert (written.echo, written.party.identities) == (True, (CHATS[chat],))
    as_object = {"server": "c.us", "_serialized": chat}
    assert read("message_text", **{"from": as_object}).party.identities == (CHATS[chat],)


def test_a_group_is_the_other_side_and_its_member_wrote() -> None:
    group = Party(identities=(("group", "123-4@g.us"),))
    theirs = {"from": "123-4@g.us", "id": "false_123-4@g.us_A_55@c.us"}
    named = {"id": "false_123-4@g.us_A"}
    authored = {"author": "55@c.us", **named}
    for more in ({"participant": "55:2@s.whatsapp.net", **named}, authored, {}):
        item = read("message_text", **{**theirs, **more})
        assert (item.party, item.sender) == (group, Party(identities=(("phone", "55"),)))
    ours = read("message_any_from_me_app", to="123-4@g.us", participant=f"{OURS}@c.us")
    assert (ours.party, ours.sender, ours.echo) == (group, None, True)
    unnamed = read("message_text", **{"from": "123-4@g.us"})
    assert (unnamed.party, unnamed.sender) == (group, None)


def test_a_member_of_a_chat_of_two_is_no_sender() -> None:
    assert read("message_text", participant="55@c.us").sender is None


@pytest.mark.parametrize(
    "changes",
    [
        {"from": "11111111111@c.us", "to": ...},  # NOWEB: the chat in `from`, whoever wrote
        {"from": f"{OURS}@c.us", "to": ...},
        {"from": "11111111111@c.us", "to": f"{OURS}:7@s.whatsapp.net"},
        {"from": ..., "to": "5555@lid"},
        {"fromMe": ...},
    ],
)
def test_whatever_the_engine_says_we_are_not_the_other_side(changes: dict[str, Any]) -> None:
    me = {"me": {"id": f"{OURS}@c.us", "lid": "5555@lid"}}
    item = read("message_any_from_me_app", envelope=me, **changes)
    assert (item.echo, item.party) == (True, THEM)


def test_a_note_to_ourselves_is_a_chat_with_ourselves() -> None:
    both = {"from": f"{OURS}@c.us", "to": f"{OURS}@c.us", "id": f"true_{OURS}@c.us_A"}
    assert read("message_any_from_me_app", **both).party.identities == (("phone", OURS),)


def test_a_message_from_nobody_is_not_from_us() -> None:
    item = read("message_text", id="A", **{"from": None})
    assert (item.echo, item.party.identities) == (False, ())


@pytest.mark.parametrize("chat", ["1@newsletter", "status@broadcast", "12@broadcast"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("message_text", "message"),
        ("message_waiting", "message"),
        ("message_reaction", "reaction"),
        ("message_edited", "edit"),
        ("message_ack_read", "status"),
    ],
)
def test_what_is_no_conversation_is_ignored_with_a_reason(name: str, kind: str, chat: str) -> None:
    for changes in ({"from": chat}, {"to": chat}, {"id": f"true_{chat}_A"}):
        item = read(name, **changes)
        assert isinstance(item, Ignored)
        assert item.kind == kind
        assert item.reason.endswith("needs nothing done")


# --- ids ----------------------------------------------------------------------------------------


def test_an_id_may_be_an_object() -> None:
    item = read("message_text", id={"fromMe": True, "_serialized": "true_1@c.us_A"}, fromMe=...)
    assert (item.provider_id, item.echo) == ("true_1@c.us_A", True)
    quoting = read("message_text", replyTo={"id": {"_serialized": "true_1@c.us_B"}})
    assert quoting.reply_to == "true_1@c.us_B"
    assert read("message_text", replyTo={"id": "BARE"}).reply_to == "BARE"


def test_a_person_is_looked_for_under_every_spelling_of_the_chat() -> None:
    item = read(
        "message_edited",
        id="false_99@lid_J",
        editedMessageId="E",
        **{"from": "49151:2@s.whatsapp.net"},
    )
    theirs = [
        "false_99@lid_E",
        "false_49151:2@s.whatsapp.net_E",
        "false_49151@c.us_E",
    ]
    ours = [each.replace("false", "true") for each in theirs]
    assert item.targets == (*theirs, *ours, "E")


def test_what_we_edited_is_first_looked_for_among_ours() -> None:
    item = read("message_edited", fromMe=True, editedMessageId="E", to="11111111111@c.us")
    assert item.targets == ("true_11111111111@c.us_E", "false_11111111111@c.us_E", "E")
    assert item.echo


def test_in_a_group_the_member_is_a_part_of_the_id() -> None:
    item = read(
        "message_edited",
        id="false_1@g.us_J_55@c.us",
        editedMessageId="E",
        participant="55@s.whatsapp.net",
        **{"from": "1@g.us"},
    )
    assert item.sender == Party(identities=(("phone", "55"),))
    assert set(item.targets) == {"E"} | {
        f"{side}_1@g.us_E{end}"
        for side in ("true", "false")
        for end in ("", "_55@c.us", "_55@s.whatsapp.net")
    }
    assert item.targets[0] == "false_1@g.us_E_55@s.whatsapp.net"


def test_a_whole_id_is_the_only_target() -> None:
    whole = "true_1@c.us_E"
    assert read("message_edited", editedMessageId=whole).targets == (whole,)
    assert read("message_revoked", revokedMessageId=whole).targets == (whole,)


def test_an_id_that_no_message_can_have_is_no_target() -> None:
    assert read("message_edited", editedMessageId="E" * 250).targets == ("E" * 250,)
    assert isinstance(read("message_edited", editedMessageId="E" * 256), Malformed)


def test_a_bare_id_in_a_reaction_is_looked_for_everywhere() -> None:
    item = read("message_reaction", reaction={"text": "👍", "messageId": "E"})
    assert item.targets == ("false_79111111@c.us_E", "true_79111111@c.us_E", "E")


def test_a_second_edit_under_the_same_id_is_no_repetition() -> None:
    own = {"id": "false_11111111111@c.us_E", "editedMessageId": "E"}
    first = read("message_edited", **own)
    again = read("message_edited", **own)
    second = read("message_edited", envelope={"id": "evt_2"}, **own)
    old = [
        read("message_edited", envelope={"id": ..., "timestamp": ...}, body=body, **own)
        for body in ("one", "two", "one")
    ]
    assert first == again
    assert len({first.provider_id, second.provider_id, *(each.provider_id for each in old)}) == 4
    assert first.provider_id.startswith("false_11111111111@c.us_E#")
    assert first.at == TOLD_AT
    assert old[0].at == SAID_AT


def test_an_edit_that_names_no_other_message_is_about_its_own() -> None:
    item = read("message_edited", editedMessageId=...)
    assert item.targets == ("false_11111111111@c.us_JJJJ",)


def test_a_revoke_takes_what_it_can_get() -> None:
    before = {"id": "true_1@c.us_OLD", "from": "1@c.us", "fromMe": False}
    both = read("message_revoked", before=before)
    assert both.targets == ("true_1@c.us_OLD", *BARE_TARGETS)
    only_before = read("message_revoked", before=before, after=None, revokedMessageId=...)
    assert only_before.provider_id == "true_1@c.us_OLD"
    assert (only_before.targets, only_before.at) == (("true_1@c.us_OLD",), TOLD_AT)
    only_bare = read("message_revoked", after=None)
    assert only_bare.provider_id == "AAAAAAAAAAAAAAAAAAAA"
    assert only_bare.targets == ("AAAAAAAAAAAAAAAAAAAA",)


# --- statuses, times, news ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ack", "name", "word"),
    [
        (0, "PENDING", "pending"),
        (1, "SERVER", "sent"),
        (2, "DEVICE", "delivered"),
        (4, "PLAYED", "played"),
        ("3", None, "read"),
        (None, "read", "read"),
        (True, "DEVICE", "delivered"),
        (9, "ADMIRED", "admired"),
        ([], {}, "unknown"),
    ],
)
def test_an_acknowledgement_is_a_status(ack: Any, name: Any, word: str) -> None:
    assert read("message_ack_read", ack=ack, ackName=name).status == word


def test_what_we_acknowledge_ourselves_is_no_status() -> None:
    for changes in ({"fromMe": False}, {"fromMe": ..., "id": "false_1@c.us_A"}):
        assert read("message_ack_read", **changes).reason
        assert isinstance(read("message_ack_read", **changes), Ignored)
    assert isinstance(read("message_ack_read", fromMe=..., id="BARE"), StatusUpdate)


@pytest.mark.parametrize("name", ["message_ack_read", "message_ack_group"])
def test_only_others_in_a_group_are_recipients(name: str) -> None:
    assert read(name, participant=f"{OURS}:1@s.whatsapp.net").recipient == ""
    other = read(name, participant="5@c.us").recipient
    assert other == ("5@c.us" if name == "message_ack_group" else "")


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (1_667_561_485_999, 1_667_561_485),
        (1_667_561_485.9, 1_667_561_485),
        ("1667561485", 1_667_561_485),
        (1_000_000_000, None),
        (NOW + 86_401, None),
        (1e308, None),
        (-1, None),
        (True, None),
        ("soon", None),
        ([1_667_561_485], None),
        (None, None),
    ],
)
def test_a_time_is_in_seconds_or_there_is_none(said: Any, at: int | None) -> None:
    assert read("message_text", timestamp=said).at == at
    assert read("message_edited", timestamp=said).at == (at or TOLD_AT)


def test_an_envelope_without_a_time_dates_nothing() -> None:
    assert read("message_ack_read", envelope={"timestamp": ...}).at is None
    assert read("session_status_working", envelope={"timestamp": "x"}).at is None


def test_a_session_that_says_nothing_changes_nothing() -> None:
    values: list[Any] = ["", None, [], True]
    for value in values:
        assert read("session_status_working", status=value).effect is None


def test_unknown_news_is_kept() -> None:
    item = read("message_text", envelope={"event": "moon." + "x" * 99, "session": None})
    assert (item.kind, item.channel) == ("moon." + "x" * 55, "")
    assert item.payload == sample("message_text")["payload"]
    (bare,) = decode(b'{"event":"moon.rises"}', now=NOW)
    assert bare == Notice(kind="moon.rises", payload={})


NEEDLESS = [
    "group.v2.leave",
    "group.v2.participants",
    "group.join",
    "poll.vote.failed",
    "chat.archive",
    "label.upsert",
    "label.chat.added",
    "event.response",
    "event.response.failed",
    "engine.event",
    "state.change",
]


@pytest.mark.parametrize("event", NEEDLESS)
def test_what_needs_nothing_done_says_so(event: str) -> None:
    (item,) = decode(json.dumps({"event": event}).encode(), now=NOW)
    assert item == Ignored(kind="unknown", reason=f"{event} needs nothing done")


@pytest.mark.parametrize("me", [None, [], "x", {}, {"id": None}, {"id": "9@lid"}, {"id": "x@c.us"}])
def test_without_our_own_number_there_is_none(me: Any) -> None:
    assert read("message_text", envelope={"me": me}).channel_number == ""


# --- what cannot be understood ------------------------------------------------------------------

DEEP = b"[" * 10_000 + b"]" * 10_000
MALFORMED: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"event=message", "unknown"),
    "not UTF-8": (b'{"event": "\xff"', "unknown"),
    "a list": (b"[{}]", "unknown"),
    "null": (b"null", "unknown"),
    "too deep": (b'{"event":"message","payload":' + DEEP + b"}", "unknown"),
    "no event": (b'{"session":"default","payload":{}}', "unknown"),
    "an event that is none": (b'{"event":{},"payload":{}}', "unknown"),
    "no payload": (b'{"event":"message","session":"default"}', "message"),
    "a list as payload": (b'{"event":"message.ack","session":"s","payload":[]}', "status"),
    "no session": (b'{"event":"message.edited","payload":{"id":"A"}}', "edit"),
    "no id": (b'{"event":"message","session":"s","payload":{"id":null}}', "message"),
    "an id too long": (
        json.dumps({"event": "message", "session": "s", "payload": {"id": "A" * 256}}).encode(),
        "message",
    ),
    "an acknowledgement of nothing": (
        b'{"event":"message.ack","session":"s","payload":{"ack":1}}',
        "status",
    ),
    "a reaction to nothing": (
        b'{"event":"message.reaction","session":"s","payload":{"id":"A","reaction":{"text":""}}}',
        "reaction",
    ),
    "a reaction that is none": (
        b'{"event":"message.reaction","session":"s","payload":{"id":"A","reaction":"x"}}',
        "reaction",
    ),
    "an edit of nothing": (b'{"event":"message.edited","session":"s","payload":{}}', "edit"),
    "a revoke of nothing": (b'{"event":"message.revoked","session":"s","payload":{}}', "revoke"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_understood_is_kept_for_a_person(name: str) -> None:
    body, kind = MALFORMED[name]
    (item,) = decode(body, now=NOW)
    assert isinstance(item, Malformed)
    assert (item.kind, bool(item.reason)) == (kind, True)


@pytest.mark.parametrize("body", [b"", b" \n\t", b"{}", b" { } "])
def test_a_body_with_nothing_in_it_is_empty(body: bytes) -> None:
    assert decode(body, now=NOW) == [Ignored(kind="unknown", reason="empty")]


def test_what_postgres_cannot_store_is_left_out() -> None:
    assert read("message_text", body="a\0b\ud800c").text == "abc"
    assert read("message_text", body="", odd={"\0k": float("nan")}).content["odd"] == {"k": None}


# --- anything at all ----------------------------------------------------------------------------

ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    10**400,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "\0",
    "\ud800",
    "x" * 5000,
    "1@g.us",
    "status@broadcast",
    "true_1@c.us_" + "A" * 250,
    [],
    {},
    [[None]],
    {"_serialized": "false_1@g.us_A_5@lid"},
    {"id": {"_serialized": 7}},
    ["message"],
]
DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in BODIES}
EVENTS = sorted({document["event"] for document in DOCUMENTS.values()})


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of objects inside, and to these."""
    for key, each in value.items() if isinstance(value, dict) else ():
        yield (*before, key)
        yield from paths(each, (*before, key))


def mutate(document: Any, path: tuple[Any, ...], odd: Any) -> None:
    """Put `odd` there, or take away what is there; where the way is gone, do nothing."""
    *way, last = path
    for key in way:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return
    if not isinstance(document, dict):
        return
    if odd is ...:
        document.pop(last, None)
    else:
        document[last] = copy.deepcopy(odd)  # else it may come to hold itself


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    document = copy.deepcopy(DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))])
    document["event"] = draw(st.sampled_from([document["event"], *EVENTS]))
    ways = sorted(paths(document), key=str)
    for _ in range(draw(st.integers(1, 4))):
        mutate(document, draw(st.sampled_from(ways)), draw(st.sampled_from([..., *ODD])))
    return json.dumps(document).encode()


@given(mutants())
def test_no_change_to_a_sample_breaks_the_decoder(body: bytes) -> None:
    assert_storable(decode(body, now=NOW))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoder(body: bytes) -> None:
    assert_storable(decode(body, now=NOW))
    assert_storable(decode(b'{"event":"message","payload":' + body, now=NOW))
