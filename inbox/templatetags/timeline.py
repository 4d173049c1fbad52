"""What the timeline says: a message's words, and what its reader may look into."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from inbox import access
from inbox.templatetags.inbox import icon, linked, utc
from messaging.internal import NOTE
from messaging.models import Direction, Membership, Message
from messaging.providers.values import mapping, text

if TYPE_CHECKING:
    from inbox.bubbles import Bubble
    from inbox.words import Tick

register = template.Library()
MOST_NAMES = 50
# Ids that no row has, for what is drawn once and said of many messages.
ANY_MESSAGE, ANY_HOME = 2**63 - 2, 2**63 - 3


@register.simple_tag
def message_attributes(bubble: Bubble) -> SafeString:
    """What the browser knows of a message, whatever its drawing."""
    m = bubble.message
    # One string at once: a page has up to 150 of them, and a variable each would cost the most.
    return mark_safe(  # noqa: S308 - what is not escaped are numbers, times and cursors
        f'id="message-{m.pk}" data-message data-direction="{escape(m.direction)}"'
        f' data-status="{escape(m.status)}" data-kind="{escape(m.kind)}"'
        f' data-home="{m.conversation_id}" data-seq="{m.seq}" data-changed="{m.changed_seq}"'
        f' data-sort="{utc(m.sort_at)}" data-cursor="{bubble.cursor}"'
    )


@register.simple_tag
def bubble_attributes(bubble: Bubble) -> SafeString:
    """What it knows beside of those that are drawn as bubbles."""
    said = {
        "by": bubble.by,
        "key": bubble.join_key,
        "gist": bubble.gist,
        "client": bubble.message.client_message_id,
    }
    always = {"key", "gist"}
    pairs = "".join(
        f' data-{name}="{escape(value)}"' for name, value in said.items() if value or name in always
    )
    flags = "".join(f" data-{name}" for name, is_raised in _flags(bubble).items() if is_raised)
    return mark_safe(f"{message_attributes(bubble)}{pairs}{flags}")  # noqa: S308 - escaped above


def _flags(bubble: Bubble) -> dict[str, object]:
    if bubble.is_plain:
        return {"joined": bubble.is_joined}
    return {
        "joined": bubble.is_joined,
        "flush": bubble.is_flush,
        "unknown": bubble.contents.unknown and not bubble.has_text,
        "deleted": bubble.message.deleted_at,
    }


@register.simple_tag
def message_tools(message: Message, membership: Membership) -> SafeString:
    """What can be done with a message: the same for all of them but for two numbers."""
    answers = membership.replies and message.direction != Direction.INTERNAL
    drawn = _tools(answers, reads_stories(membership), get_language() or "", get_script_prefix())
    said = drawn.replace(str(ANY_MESSAGE), str(message.pk))
    return mark_safe(said.replace(str(ANY_HOME), str(message.conversation_id)))  # noqa: S308 - numbers


@lru_cache(maxsize=128)
def _tools(answers: bool, has_story: bool, _language: str, _prefix: str) -> str:
    about = {
        "message_id": ANY_MESSAGE,
        "home": ANY_HOME,
        "answers": answers,
        "has_story": has_story,
    }
    return render_to_string("inbox/_message_tools.html", about).strip()


@register.simple_tag
def tick(drawn: Tick) -> SafeString:
    """What became of a message, as a glyph with its words."""
    label = str(drawn.label)
    glyph = icon(drawn.icon, "", label, drawn.state)
    return format_html('<span class="tick" title="{}">{}</span>', label, glyph)


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
