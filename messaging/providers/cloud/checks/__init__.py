"""What the platform would refuse, found before anybody waits for it.

Each problem has a path ("content.location.latitude") and a sentence. Content is as a program
sent it: nothing here trusts a type, and nothing raises.
Source: Cloud API reference, "Messages" and its pages for each kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks.files import (
    check_audio,
    check_document,
    check_image,
    check_sticker,
    check_video,
)
from messaging.providers.cloud.checks.interactive import check_interactive
from messaging.providers.cloud.checks.paths import Found
from messaging.providers.cloud.checks.people import check_contacts
from messaging.providers.cloud.checks.simple import (
    check_location,
    check_reaction,
    check_template,
    check_text,
)

Check = Callable[[Found, str, Any], None]

CHECKS: dict[str, Check] = {
    "text": check_text,
    "image": check_image,
    "video": check_video,
    "audio": check_audio,
    "voice": check_audio,
    "document": check_document,
    "sticker": check_sticker,
    "location": check_location,
    "contacts": check_contacts,
    "reaction": check_reaction,
    "interactive": check_interactive,
    "template": check_template,
}
# Where our name of a kind is not the platform's.
KEYS = {"voice": "audio"}


def problems(kind: str, text: str, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a message, by path; empty where it can be sent."""
    found = Found()
    check = CHECKS.get(kind)
    if check is None:
        found.add("kind", _("WhatsApp knows no message of this kind."))
        return found.errors
    key = KEYS.get(kind, kind)
    for name in content:
        # What we keep beside a template is ours.
        if name != key and kind != "template":
            found.stranger(f"content.{name}")
    check(found, text, content.get(key))
    return found.errors
