"""What the composer's script must know about files before it uploads them."""

from __future__ import annotations

from django import template

from outbound.upload_contents import too_large
from outbound.upload_rules import LARGEST_BYTES, RULES

register = template.Library()


@register.simple_tag
def largest_upload() -> int:
    """Bytes above which no kind of message takes a file."""
    return LARGEST_BYTES


@register.simple_tag
def largest_video() -> int:
    """Bytes above which a film leaves as a document only."""
    return RULES["video"].largest_bytes


@register.simple_tag
def too_large_words(kind: str = "") -> str:
    """The server's own sentence about a file that is too large for its kind, or for any."""
    return too_large(RULES[kind].largest_bytes if kind else LARGEST_BYTES)
