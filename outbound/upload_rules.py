"""Which files may leave as what; pure but for marking translations.

Source: Cloud API reference, "Media › Supported media types".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
LARGEST_BYTES = 100 * MEGABYTE
ANIMATED_STICKER_BYTES = 500 * KILOBYTE
STICKER_SIDE = 512
# A voice note up to here gets the play button at once.
PLAYED_AT_ONCE_BYTES = 512 * KILOBYTE
OGG = "audio/ogg"
# The platform refuses plain `audio/ogg`, by a status long after the send.
OGG_OPUS = "audio/ogg; codecs=opus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a kind of message takes; `names` are the formats as people call them."""

    mime_types: frozenset[str]
    largest_bytes: int
    names: str


AUDIO = frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", OGG})
RULES: Mapping[str, Rule] = {
    "image": Rule(
        mime_types=frozenset({"image/jpeg", "image/png"}),
        largest_bytes=5 * MEGABYTE,
        names="JPEG, PNG",
    ),
    "video": Rule(
        mime_types=frozenset({"video/mp4", "video/3gpp"}),
        largest_bytes=16 * MEGABYTE,
        names="MP4, 3GP",
    ),
    "audio": Rule(
        mime_types=AUDIO, largest_bytes=16 * MEGABYTE, names="AAC, AMR, MP3, M4A, OGG (Opus)"
    ),
    "voice": Rule(mime_types=frozenset({OGG}), largest_bytes=16 * MEGABYTE, names="OGG (Opus)"),
    "sticker": Rule(
        mime_types=frozenset({"image/webp"}),
        largest_bytes=100 * KILOBYTE,
        names=f"WebP, {STICKER_SIDE} × {STICKER_SIDE}",
    ),
    # Whatever it is, the customer gets it as a file.
    "document": Rule(mime_types=frozenset(), largest_bytes=LARGEST_BYTES, names=""),
}
KINDS = frozenset(RULES)
# What holds Opus packets that only need another container.
RECORDED = frozenset({OGG, "audio/webm"})


def kind_for(mime_type: str, *, asked: str) -> str:
    """The kind of message a file goes out as, where `asked` ("" for none) does not say.

    A recording that cannot be a voice note is sound; what nobody draws or plays is a document.
    """
    if asked == "voice":
        return "voice" if mime_type in RECORDED else "audio"
    if asked:
        return asked
    if mime_type == "image/webp":
        return "image"  # drawn anew; as a sticker only where that is wished for
    kinds = ("image", "video", "audio")
    return next((kind for kind in kinds if mime_type in RULES[kind].mime_types), "document")


def sniffed_as(asked: str, declared: str) -> str:
    """What chooses between the names of one container: the wish, else the browser's word."""
    family = declared.partition("/")[0]
    return asked or (family if family in ("audio", "video") else "")


def is_allowed(kind: str, mime_type: str) -> bool:
    """Whether a message of `kind` takes a file of this type."""
    types = RULES[kind].mime_types
    return not types or mime_type in types


def largest_bytes(kind: str, *, is_animated: bool = False) -> int:
    """How large the file of a message of `kind` may be."""
    if kind == "sticker" and is_animated:
        return ANIMATED_STICKER_BYTES
    return RULES[kind].largest_bytes


def sent_as(kind: str, mime_type: str) -> str:
    """The content type under which the platform takes a file."""
    return OGG_OPUS if mime_type == OGG and kind in ("audio", "voice") else mime_type
