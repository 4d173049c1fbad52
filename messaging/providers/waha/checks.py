"""What WAHA would refuse, found before anybody waits for it; pure.

The shapes are those of the Cloud API, whose checks are asked first; ids are WAHA's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud import checks as cloud
from messaging.providers.cloud.checks.emoji import is_one_emoji
from messaging.providers.values import mapping
from messaging.providers.waha.chats import MESSAGE_ID
from messaging.providers.waha.encoding import FILES, KEYS, REACTION


def problems(kind: str, text: str, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a message, by path; empty where it can be sent."""
    if kind == REACTION:
        return _of_reaction(mapping(content.get(REACTION)))
    errors = cloud.problems(kind, text, content)
    key = KEYS.get(kind, kind)
    if kind in FILES and mapping(content.get(key)).get("id") is not None:
        errors.setdefault(f"content.{key}.id", []).append(
            _("This channel knows no ids of files; give an upload or a link.")
        )
    return errors


def _of_reaction(given: Mapping[str, Any]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    target, emoji = given.get("message_id"), given.get("emoji")
    if not isinstance(target, str) or not MESSAGE_ID.match(target):
        errors["content.reaction.message_id"] = [_("WhatsApp has no message of this id.")]
    if not isinstance(emoji, str) or (emoji and not is_one_emoji(emoji)):
        said = _("Give one emoji, or nothing to take the reaction back.")
        errors["content.reaction.emoji"] = [said]
    return errors
