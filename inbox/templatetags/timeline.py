"""What the timeline says: a message's words, and what its reader may look into."""

from __future__ import annotations

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from inbox import access
from inbox.templatetags.inbox import linked
from messaging.internal import NOTE
from messaging.models import Membership, Message
from messaging.providers.values import mapping, text

register = template.Library()
MOST_NAMES = 50


@register.filter
def said(message: Message) -> SafeString:
    """A message's words with safe links; in a note, colleagues who were named stand out."""
    names = _named(message) if message.kind == NOTE else []
    if not names:
        return linked(message.text)
    pattern = "|".join(re.escape(f"@{name}") for name in sorted(names, key=len, reverse=True))
    parts = re.split(f"({pattern})", message.text)
    # Every second part is a name; all of them are escaped.
    return mark_safe(  # noqa: S308
        "".join(
            format_html('<span class="mention">{}</span>', part) if place % 2 else linked(part)
            for place, part in enumerate(parts)
        )
    )


@register.filter
def reads_stories(membership: Membership) -> bool:
    """Whether the member may see how a message came and left."""
    return access.reads_dead_letters(membership)


def _named(message: Message) -> list[str]:
    given = mapping(message.content).get("mentions")
    people = given[:MOST_NAMES] if isinstance(given, list) else []
    return [name for person in people if (name := text(mapping(person).get("name"), most=200))]
