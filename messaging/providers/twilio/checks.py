"""What Twilio would refuse, found before anybody waits for it; pure.

The shapes are those of the Cloud API, whose checks are asked first; Twilio takes less.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud import checks as cloud
from messaging.providers.cloud.checks.paths import too_long
from messaging.providers.twilio.encoding import FILES, KEYS
from messaging.providers.values import mapping

# Source: Twilio, "Messages resource › Body".
LONGEST_BODY = 1600


def problems(kind: str, text: str, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """What is wrong with a message, by path; empty where it can be sent."""
    errors = cloud.problems(kind, text, content)
    if len(text) > LONGEST_BODY and kind != "template" and "text" not in errors:
        errors["text"] = [too_long(text, LONGEST_BODY)]
    key = KEYS.get(kind, kind)
    if kind in FILES and mapping(content.get(key)).get("id") is not None:
        errors.setdefault(f"content.{key}.id", []).append(
            _("This channel knows no ids of files; give an upload or a link.")
        )
    return errors
