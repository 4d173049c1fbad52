"""What a given file is, and what is made of it so that WhatsApp takes it.

Nothing that was declared is believed: type and size are those of the bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from messaging import sniffing, voice
from messaging.media_files import Incoming
from outbound import upload_pictures as pictures
from outbound import upload_rules as rules

CHUNK_BYTES = 1024 * 1024
# Pictures of eight bits a colour; others are not drawn by every phone.
PLAIN_MODES = frozenset({"RGB", "RGBA", "P", "L", "LA", "1"})


class Refused(Exception):
    """The file cannot be sent; `sentence` says why and what can, in the reader's language."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitable:
    """A file that can be sent as `kind`; its bytes are on the disk, in `incoming`.

    `is_remade`: they are not those that were given.
    """

    incoming: Incoming
    kind: str
    mime_type: str
    size_bytes: int
    sha256: str
    is_remade: bool = False


def suit(incoming: Incoming, *, kind: str, declared: str) -> Suitable:
    """The file as it can leave, made anew where that is simple. Raises Refused, NotFetched.

    A remade file is another Incoming, which is the caller's to discard.
    """
    head = _head(incoming)
    if not head:
        raise Refused(_("This file is empty."))
    found = sniffing.sniff(head, kind=rules.sniffed_as(kind, declared), declared=declared)
    kind = rules.kind_for(found, asked=kind)
    remade, mime_type = _remade(incoming, kind, found)
    try:
        return _checked(remade or incoming, kind, mime_type, is_remade=remade is not None)
    except BaseException:
        if remade:
            remade.discard()
        raise


def _remade(incoming: Incoming, kind: str, mime_type: str) -> tuple[Incoming | None, str]:
    """The file made anew, where it has to be, and its type then."""
    if kind in ("audio", "voice") and mime_type in rules.RECORDED:
        return _written(_ogg(incoming)), rules.OGG
    if kind != "image":
        return None, mime_type
    content = _redrawn(incoming, mime_type)
    return (_written(content), "image/jpeg") if content else (None, mime_type)


def _ogg(incoming: Incoming) -> bytes:
    _limit(incoming, "voice")
    try:
        return voice.to_ogg(incoming.path.read_bytes())
    except voice.NotVoice:
        raise Refused(_("This recording cannot be sent: WhatsApp takes Opus sound only.")) from None


def _redrawn(incoming: Incoming, mime_type: str) -> bytes | None:
    """A still picture of another format, of too many bytes, or of colours that phones lack."""
    shape = pictures.shape_of(incoming.path)
    is_allowed = rules.is_allowed("image", mime_type)
    if shape is None or (shape.is_animated and not is_allowed):
        return None
    largest = rules.largest_bytes("image")
    is_too_large = incoming.path.stat().st_size > largest
    if is_allowed and not is_too_large and shape.mode in PLAIN_MODES:
        return None
    return pictures.as_jpeg(incoming.path, largest_bytes=largest)


def _checked(incoming: Incoming, kind: str, mime_type: str, *, is_remade: bool) -> Suitable:
    if not rules.is_allowed(kind, mime_type):
        raise Refused(_wrong_type(kind))
    _limit(incoming, kind)
    if kind == "sticker":
        _check_sticker(incoming)
    size, digest = _measured(incoming)
    return Suitable(
        incoming=incoming,
        kind=kind,
        mime_type=mime_type,
        size_bytes=size,
        sha256=digest,
        is_remade=is_remade,
    )


def _wrong_type(kind: str) -> str:
    sentences = {
        "image": _("WhatsApp takes pictures as %(names)s only. Send it as a document instead."),
        "video": _("WhatsApp takes videos as %(names)s only. Send it as a document instead."),
        "audio": _("WhatsApp takes sound as %(names)s only. Send it as a document instead."),
        "voice": _("WhatsApp takes voice notes as %(names)s only."),
        "sticker": _("WhatsApp takes stickers as %(names)s only."),
    }
    return sentences[kind] % {"names": rules.RULES[kind].names}


def too_large(most: int) -> str:
    """The sentence for a file of more than `most` bytes."""
    return _("This file is too large: WhatsApp takes at most %(most)s here.") % {
        "most": filesizeformat(most)
    }


def _limit(incoming: Incoming, kind: str, *, is_animated: bool = True) -> None:
    most = rules.largest_bytes(kind, is_animated=is_animated)
    if incoming.path.stat().st_size > most:
        raise Refused(too_large(most))


def _check_sticker(incoming: Incoming) -> None:
    shape = pictures.shape_of(incoming.path)
    if shape is None or (shape.width, shape.height) != (rules.STICKER_SIDE, rules.STICKER_SIDE):
        raise Refused(_wrong_type("sticker"))
    _limit(incoming, "sticker", is_animated=shape.is_animated)


def _written(content: bytes) -> Incoming:
    incoming = Incoming()
    try:
        incoming.write(content)
        incoming.finish()
    except BaseException:
        incoming.discard()
        raise
    return incoming


def _head(incoming: Incoming) -> bytes:
    with incoming.path.open("rb") as file:
        return file.read(sniffing.HEAD_BYTES)


def _measured(incoming: Incoming) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    with incoming.path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            size += len(chunk)
            digest.update(chunk)
    return size, digest.hexdigest()
