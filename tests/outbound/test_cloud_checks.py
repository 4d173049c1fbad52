"""What a program is told before anything is queued."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings

from messaging.providers.cloud.checks import problems
from messaging.providers.cloud.checks.emoji import is_one_emoji
from messaging.providers.cloud.encoding import encode
from messaging.providers.outgoing import Outgoing, OutgoingFile, Recipient
from messaging.simulator import sending
from tests.outbound import cloud_messages
from tests.outbound.cloud_messages import CARD, GOOD

FILES = {"image", "video", "audio", "voice", "document", "sticker"}
GONE = object()
MANY = [{"type": "reply", "reply": {"id": f"b{n}", "title": f"B{n}"}} for n in range(4)]
ROWS = [{"rows": [{"id": f"s{n}", "title": "A"} for n in range(6)], "title": "S"}]

# One thing each that is wrong: where, what stands there, and where it is told.
WRONG: list[tuple[str, str, Any, str]] = [
    ("text", "text", " \n", "text"),
    ("text", "text", "x" * 4097, "text"),
    ("text", "content.text", {"preview_url": "yes"}, "content.text.preview_url"),
    ("text", "kind", "poll", "kind"),
    ("image", "text", "x" * 1025, "text"),
    ("image", "content.image.upload", GONE, "content.image"),
    ("image", "content.image.id", "1", "content.image"),
    ("image", "content.image.upload", True, "content.image.upload"),
    ("image", "content.image.colour", "red", "content.image.colour"),
    ("image", "content.video", {}, "content.video"),
    ("audio", "text", "A song", "text"),
    ("audio", "content.audio.voice", 1, "content.audio.voice"),
    ("location", "content", {}, "content.location"),
    ("location", "content.location.latitude", 90.1, "content.location.latitude"),
    ("location", "content.location.longitude", "181", "content.location.longitude"),
    ("location", "content.location.latitude", True, "content.location.latitude"),
    ("location", "content.location.latitude", 10**400, "content.location.latitude"),
    ("location", "content.location.longitude", GONE, "content.location.longitude"),
    ("location", "content.location.name", 3, "content.location.name"),
    ("location", "text", "Here", "text"),
    ("contacts", "content.contacts", [], "content.contacts"),
    ("contacts", "content.contacts", CARD, "content.contacts"),
    ("contacts", "content.contacts.0.name.first_name", GONE, "content.contacts.0.name"),
    (
        "contacts",
        "content.contacts.0.name.formatted_name",
        "",
        "content.contacts.0.name.formatted_name",
    ),
    ("contacts", "content.contacts.0.phones", {"phone": "1"}, "content.contacts.0.phones"),
    ("contacts", "content.contacts.0.birthday", "June", "content.contacts.0.birthday"),
    ("reaction", "content.reaction.emoji", "ok", "content.reaction.emoji"),
    ("reaction", "content.reaction.emoji", "👍👍", "content.reaction.emoji"),
    ("reaction", "content.reaction.emoji", GONE, "content.reaction.emoji"),
    ("reaction", "content.reaction.message_id", "", "content.reaction.message_id"),
    ("button", "content.interactive.type", "poll", "content.interactive.type"),
    ("button", "content.interactive.body", GONE, "content.interactive.body"),
    ("button", "content.interactive.body.text", "x" * 1025, "content.interactive.body.text"),
    ("button", "content.interactive.footer", {"text": "x" * 61}, "content.interactive.footer.text"),
    (
        "button",
        "content.interactive.header",
        {"type": "text", "text": "x" * 61},
        "content.interactive.header.text",
    ),
    (
        "button",
        "content.interactive.header",
        {"type": "image", "image": {}},
        "content.interactive.header.image",
    ),
    ("button", "content.interactive.action.buttons", MANY, "content.interactive.action.buttons"),
    (
        "button",
        "content.interactive.action.buttons.0.reply.title",
        "x" * 21,
        "content.interactive.action.buttons.0.reply.title",
    ),
    (
        "button",
        "content.interactive.action.buttons.1.reply.id",
        "yes",
        "content.interactive.action.buttons.1.reply.id",
    ),
    (
        "button",
        "content.interactive.action.buttons.1.reply.title",
        "Yes",
        "content.interactive.action.buttons.1.reply.title",
    ),
    (
        "list",
        "content.interactive.header",
        {"type": "image", "image": {"id": "1"}},
        "content.interactive.header.type",
    ),
    ("list", "content.interactive.body.text", "x" * 4097, "content.interactive.body.text"),
    ("list", "content.interactive.action.button", "x" * 21, "content.interactive.action.button"),
    (
        "list",
        "content.interactive.action.sections",
        ROWS * 2,
        "content.interactive.action.sections",
    ),
    (
        "list",
        "content.interactive.action.sections.0.rows.1.id",
        "r0",
        "content.interactive.action.sections.0.rows.1.id",
    ),
    (
        "list",
        "content.interactive.action.sections.0.rows.1.description",
        "x" * 73,
        "content.interactive.action.sections.0.rows.1.description",
    ),
    (
        "cta_url",
        "content.interactive.action.parameters.url",
        "example.com",
        "content.interactive.action.parameters.url",
    ),
    (
        "cta_url",
        "content.interactive.action.parameters.display_text",
        "x" * 21,
        "content.interactive.action.parameters.display_text",
    ),
    ("template", "content.template.name", "Order Ready", "content.template.name"),
    ("template", "content.template.language", "pt_PT", "content.template.language"),
]


def spoilt(good: str, path: str, value: Any) -> tuple[str, str, dict[str, Any]]:
    """A good message with one thing changed."""
    kind, text, content = deepcopy(GOOD[good])
    message: dict[str, Any] = {"kind": kind, "text": text, "content": content}
    *way, last = path.split(".")
    place: Any = message
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return message["kind"], message["text"], message["content"]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good_passes(name: str) -> None:
    assert problems(*GOOD[name]) == {}


@pytest.mark.parametrize(("good", "path", "value", "told"), WRONG)
def test_one_fault_is_told_where_it_is(good: str, path: str, value: Any, told: str) -> None:
    found = problems(*spoilt(good, path, value))
    assert told in found
    assert all(sentence.endswith(".") for sentences in found.values() for sentence in sentences)


def test_sections_need_titles_where_there_are_several() -> None:
    sections = [{"rows": [{"id": "a", "title": "A"}]}, {"rows": [{"id": "b", "title": "B"}]}]
    wrong = spoilt("list", "content.interactive.action.sections", sections)
    assert {path.rpartition(".")[2] for path in problems(*wrong)} == {"title"}


@pytest.mark.parametrize(
    "emoji", ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🇵🇹", "1️⃣", "❤️", "❤", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕", "🏳️‍🌈"]
)
def test_one_emoji_is_one_however_many_characters_it_has(emoji: str) -> None:
    assert is_one_emoji(emoji)


@pytest.mark.parametrize("text", ["", "a", "1", "😀😀", "😀a", "🇵🇹🇵🇹", "\u200d", "é", "👍 ", "🇵"])
def test_what_is_no_emoji_or_several_is_none(text: str) -> None:
    assert not is_one_emoji(text)


@settings(max_examples=400, deadline=None)
@given(cloud_messages.garbage)
def test_garbage_is_never_more_than_a_problem(message: tuple[str, str, dict[str, Any]]) -> None:
    found = problems(*message)
    assert json.dumps(found)
    assert all(sentences and all(sentences) for sentences in found.values())


@settings(max_examples=600, deadline=None)
@given(cloud_messages.nearly_good)
def test_whatever_passes_is_taken_by_the_platform(message: tuple[str, str, dict[str, Any]]) -> None:
    kind, text, content = message
    if problems(kind, text, content):
        return
    outgoing = Outgoing(
        kind=kind,
        text=text,
        content=content,
        recipient=Recipient(kind="phone", value="351910000042"),
        file=OutgoingFile(kind=kind, mime_type="", provider_id="1") if kind in FILES else None,
    )
    sent = sending.parse(json.dumps(encode(outgoing)).encode())
    assert isinstance(sent, sending.Send)
    assert sent.type == ("audio" if kind == "voice" else kind)
