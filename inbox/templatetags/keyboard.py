"""Keys in pages: their caps, and the reader's own table for the scripts."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from inbox import keyboards, keys
from inbox.keyboards import Line, Sheet
from messaging.models import Membership

register = template.Library()


@register.simple_tag
def key_sheet(membership: Membership) -> Sheet:
    """The member's own keys, by group."""
    return keyboards.sheet_of(membership.user)


@register.simple_tag
def key_caps(caps: tuple[str, ...]) -> SafeString:
    """Keys as they are printed; the browser says ⌘ where there is one."""
    return format_html_join(
        " ",
        "<kbd{}>{}</kbd>",
        ((SafeString(" data-mod") if cap == "Ctrl" else "", cap) for cap in caps),
    )


@register.simple_tag
def key_cap_of(membership: Membership, name: str) -> SafeString:
    """The caps of one action, as the member has it; nothing where it has no key."""
    lines = (line for _, _, lines in key_sheet(membership).groups for line in lines)
    return key_caps(next((line.caps for line in lines if line.name == name), ()))


@register.simple_tag
def key_written(line: Line, typed: Mapping[str, str] | str) -> str:
    """What stands in an action's field: what was typed, else its key."""
    own = keys.written(line.stroke)
    return typed.get(line.name, own) if isinstance(typed, Mapping) else own


@register.filter
def said_of(errors: Mapping[str, str] | str, name: str) -> str:
    """What is wrong with one field."""
    return errors.get(name, "") if isinstance(errors, Mapping) else ""
