"""Texts, places, reactions, and the outside of templates."""

from __future__ import annotations

import math
import re
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks.emoji import is_one_emoji
from messaging.providers.cloud.checks.paths import Found, too_long

LONGEST_TEXT = 4096
LONGEST_NAME = 1000
LONGEST_ID = 255
NUMBER = re.compile(r"[+-]?[0-9]{1,4}(\.[0-9]{1,40})?", re.ASCII)
TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
MOST_COMPONENTS = 20


def check_text(found: Found, text: str, body: Any) -> None:
    """Source: "Text messages": 4,096 characters."""
    if not text.strip():
        found.add("text", _("Write something first."))
    elif len(text) > LONGEST_TEXT:
        found.add("text", too_long(text, LONGEST_TEXT))
    if body is not None:
        given = found.object("content.text", body, {"preview_url"}) or {}
        found.flag("content.text.preview_url", given.get("preview_url"))


def check_location(found: Found, text: str, body: Any) -> None:
    """Source: "Location messages"."""
    path = "content.location"
    no_words(found, text)
    place = found.object(path, body, {"latitude", "longitude", "name", "address"})
    if place is None:
        return
    _degrees(found, f"{path}.latitude", place.get("latitude"), most=90)
    _degrees(found, f"{path}.longitude", place.get("longitude"), most=180)
    for key in ("name", "address"):
        found.words(f"{path}.{key}", place.get(key), most=LONGEST_NAME, may_lack=True)


def check_reaction(found: Found, text: str, body: Any) -> None:
    """Source: "Reaction messages"; an empty emoji takes the reaction back."""
    path = "content.reaction"
    no_words(found, text)
    given = found.object(path, body, {"message_id", "emoji"})
    if given is None:
        return
    target = found.words(f"{path}.message_id", given.get("message_id"), most=LONGEST_ID)
    # A message that came without an id of the platform's cannot be named to it.
    if target and not target.startswith("wamid."):
        found.add(f"{path}.message_id", _("WhatsApp has no message of this id."))
    emoji = given.get("emoji")
    if emoji is None:
        found.missing(f"{path}.emoji")
    elif not isinstance(emoji, str) or (emoji and not is_one_emoji(emoji)):
        found.add(f"{path}.emoji", _("Give one emoji, or nothing to take the reaction back."))


def check_template(found: Found, _text: str, body: Any) -> None:
    """The outside only: what its parameters must be says the template itself."""
    path = "content.template"
    given = found.object(path, body, {"name", "language", "components"})
    if given is None:
        return
    name = found.words(f"{path}.name", given.get("name"), most=512)
    if name and not TEMPLATE_NAME.fullmatch(name):
        found.add(f"{path}.name", _("A template's name has small letters, digits and _ only."))
    language = found.object(f"{path}.language", given.get("language"), {"code", "policy"})
    if language is not None:
        found.words(f"{path}.language.code", language.get("code"), most=20)
        if language.get("policy") is not None:
            found.exactly(f"{path}.language.policy", language["policy"], "deterministic")
    components = found.rows(
        f"{path}.components", given.get("components"), most=MOST_COMPONENTS, least=0
    )
    for index, component in enumerate(components):
        part = found.object(f"{path}.components.{index}", component)
        if part is not None:
            found.words(f"{path}.components.{index}.type", part.get("type"), most=40)


def no_words(found: Found, text: str) -> None:
    """Kinds that carry no text would lose it without a word."""
    if text.strip():
        found.add("text", _("A message of this kind carries no text; send it separately."))


def _degrees(found: Found, path: str, value: Any, *, most: int) -> None:
    if value is None:
        found.missing(path)
        return
    number = _number(value)
    if number is None:
        found.add(path, _("This must be a number."))
    elif abs(number) > most:
        said = _("This must lie between -%(most)d and %(most)d.")
        found.add(path, said % {"most": most})


def _number(value: Any) -> float | None:
    """A number, or text that says one: the platform itself writes degrees as text."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return float(max(-1000, min(value, 1000)))  # of any size; far outside is enough
    return value if math.isfinite(value) else None
