"""The object of each type of message, as strictly as Graph reads it. *Pure.*

Written from the platform's pages alone, so that it can prove our own checks wrong.
Source: Cloud API reference, "Messages" and its pages for each type.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from messaging.simulator.demands import (
    INVALID,
    MISSING,
    a_list,
    a_string,
    a_url,
    an_object,
    perhaps_a_string,
)
from messaging.simulator.graph_errors import GraphError
from messaging.simulator.interactives import interactive

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
FILENAME_LIMIT = 240
ANY_LENGTH = 5000
MEDIA = frozenset({"audio", "document", "image", "sticker", "video"})
MEDIA_KEYS = {
    "audio": {"voice"},
    "document": {"caption", "filename"},
    "image": {"caption"},
    "sticker": set[str](),
    "video": {"caption"},
}
CARD_KEYS = frozenset({"addresses", "birthday", "emails", "name", "org", "phones", "urls"})
NAME_KEYS = frozenset({"first_name", "last_name", "middle_name", "suffix", "prefix"})
LINE_KEYS = {
    "addresses": {"street", "city", "state", "zip", "country", "country_code", "type"},
    "emails": {"email", "type"},
    "phones": {"phone", "type", "wa_id"},
    "urls": {"url", "type"},
}
JOINER = "\u200d"


def check(kind: str, content: Any) -> None:
    """Whether Graph takes it. Raises GraphError."""
    if not content:
        raise GraphError(MISSING, f"Param {kind} is missing.")
    if kind in MEDIA:
        media(kind, content)
    elif kind in CHECKS:
        CHECKS[kind](content)


def text(content: Any) -> None:
    given = an_object("text", content, frozenset({"body", "preview_url"}))
    body = given.get("body")
    if not body:
        raise GraphError(MISSING, "Param text['body'] is missing.")
    if not isinstance(body, str):
        raise GraphError(INVALID, "Param text['body'] must be a string.")
    if len(body) > TEXT_LIMIT:
        raise GraphError(100, f"Param text['body'] must be at most {TEXT_LIMIT} characters.")
    if not isinstance(given.get("preview_url", False), bool):
        raise GraphError(INVALID, "Param text['preview_url'] must be a boolean.")


def media(kind: str, content: Any) -> None:
    """A file by id or by address, and what may be said of it."""
    given = an_object(kind, content, frozenset({"id", "link"} | MEDIA_KEYS[kind]))
    if bool(given.get("id")) == bool(given.get("link")):
        raise GraphError(100, message=f"(#100) Param {kind} needs either an id or a link.")
    if given.get("link"):
        a_url(f"{kind}['link']", given["link"])
    elif not isinstance(given["id"], str):
        raise GraphError(INVALID, f"Param {kind}['id'] must be a string.")
    perhaps_a_string(f"{kind}['caption']", given.get("caption"), most=CAPTION_LIMIT)
    perhaps_a_string(f"{kind}['filename']", given.get("filename"), most=FILENAME_LIMIT)
    if not isinstance(given.get("voice", False), bool):
        raise GraphError(INVALID, "Param audio['voice'] must be a boolean.")


def location(content: Any) -> None:
    known = frozenset({"latitude", "longitude", "name", "address"})
    given = an_object("location", content, known)
    for key, most in (("latitude", 90), ("longitude", 180)):
        value = given.get(key)
        if value is None:
            raise GraphError(MISSING, f"Param location['{key}'] is missing.")
        if not -most <= _number(f"location['{key}']", value) <= most:
            raise GraphError(INVALID, f"Param location['{key}'] must be in [-{most}, {most}].")
    for key in ("name", "address"):
        perhaps_a_string(f"location['{key}']", given.get(key), most=ANY_LENGTH)


def contacts(content: Any) -> None:
    for index, value in enumerate(a_list("contacts", content, least=1, most=257)):
        path = f"contacts[{index}]"
        card = an_object(path, value, CARD_KEYS)
        name = an_object(
            f"{path}['name']", card.get("name"), NAME_KEYS | frozenset({"formatted_name"})
        )
        a_string(f"{path}['name']['formatted_name']", name.get("formatted_name"), most=ANY_LENGTH)
        if not any(isinstance(name.get(key), str) and name[key].strip() for key in NAME_KEYS):
            raise GraphError(
                MISSING, f"At least one more name part has to be provided in {path}['name']."
            )
        _lines(path, card)
        _birthday(path, card.get("birthday"))


def reaction(content: Any) -> None:
    given = an_object("reaction", content, frozenset({"message_id", "emoji"}))
    target = a_string("reaction['message_id']", given.get("message_id"), most=ANY_LENGTH)
    if not target.startswith("wamid."):
        raise GraphError(INVALID, "Param reaction['message_id'] is not a message id.")
    emoji = given.get("emoji")
    if emoji is None:
        raise GraphError(MISSING, "Param reaction['emoji'] is missing.")
    if not isinstance(emoji, str) or (emoji and not _is_single(emoji)):
        raise GraphError(INVALID, "Param reaction['emoji'] must be a single emoji.")


def _lines(path: str, card: dict[str, Any]) -> None:
    """Phones, addresses and their like: lists of objects of texts."""
    for key, known in LINE_KEYS.items():
        if card.get(key) is None:
            continue
        for index, value in enumerate(a_list(f"{path}['{key}']", card[key], least=0, most=100)):
            _texts(f"{path}['{key}'][{index}]", value, frozenset(known))
    if card.get("org") is not None:
        _texts(f"{path}['org']", card["org"], frozenset({"company", "department", "title"}))


def _texts(path: str, value: Any, known: frozenset[str]) -> None:
    for key, said in an_object(path, value, known).items():
        perhaps_a_string(f"{path}['{key}']", said, most=ANY_LENGTH)


def _birthday(path: str, value: Any) -> None:
    if value is None:
        return
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphError(INVALID, f"Param {path}['birthday'] must be YYYY-MM-DD.") from None


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(INVALID, f"Param {name} must be a number.") from None


def _is_single(emoji: str) -> bool:
    """One picture, counted by what joins its parts: skin tones, selectors, joiners, tags."""
    if "\u20e3" in emoji:
        return emoji.replace("\ufe0f", "")[1:] == "\u20e3"
    pictures, joined = 0, True
    for character in emoji:
        if character == JOINER:
            joined = True
        elif _is_indicator(character):
            pictures, joined = pictures + 1, True
        elif not _changes_another(character):
            if unicodedata.category(character) not in ("So", "Sm", "Po", "Pd", "Cn"):
                return False
            pictures, joined = pictures + (0 if joined and pictures else 1), False
    flags = sum(map(_is_indicator, emoji))
    return flags == 2 if flags else pictures == 1


def _is_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _changes_another(character: str) -> bool:
    is_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return is_tone or character == "\ufe0f" or "\U000e0020" <= character <= "\U000e007f"


CHECKS: dict[str, Callable[[Any], None]] = {
    "text": text,
    "location": location,
    "contacts": contacts,
    "reaction": reaction,
    "interactive": interactive,
}
