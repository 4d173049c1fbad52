"""A message's files as its bubble draws them, whatever state they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from inbox import media, words
from messaging.models import MediaState

if TYPE_CHECKING:
    from inbox.media import Attachment
    from messaging.models import Message

# What is kept of a picture's size: an honest shape, not a strip that fills the screen.
SMALLEST_SIDE, LARGEST_SIDE = 40, 20_000
BOXES = {
    "image": "image",
    "sticker": "sticker",
    "video": "video",
    "audio": "audio",
    "voice": "audio",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file: the box it is drawn in (`image`, `sticker`, `video`, `audio` or `document`).

    `width` and `height` are pixels, None where nobody knows them yet. `label` is what a screen
    reader says, `name` what a person calls the file, `about` its kind and size ("PDF, 184 KB").
    """

    attachment: Attachment
    box: str
    label: str
    name: str
    about: str
    width: int | None
    height: int | None

    @property
    def is_stored(self) -> bool:
        return self.attachment.state == MediaState.STORED

    @property
    def is_failed(self) -> bool:
        return self.attachment.state == MediaState.FAILED

    @property
    def is_flush(self) -> bool:
        """Sound keeps the bubble's own edge, and a sticker has no bubble."""
        return self.box in {"image", "video", "document"}

    @property
    def preview_url(self) -> str:
        """The small picture, or the whole one where there is no small one."""
        return self.attachment.thumbnail_url or self.attachment.url


def files_of(message: Message, *, of: str) -> tuple[File, ...]:
    """In their order; `of` is whom the files come from, for their labels."""
    return tuple(_file(message, each, of) for each in media.attachments(message))


def _file(message: Message, attachment: Attachment, of: str) -> File:
    row = attachment.media
    name = attachment.filename or str(words.kind_of(message.kind)[1])
    sides = (row.width, row.height)
    is_known = all(side and SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides)
    return File(
        attachment=attachment,
        box=_box(row.kind, attachment),
        label=_label(message, of),
        name=name,
        about=_about(attachment),
        width=row.width if is_known else None,
        height=row.height if is_known else None,
    )


def _box(kind: str, attachment: Attachment) -> str:
    """As the sender meant it, unless what was stored is nothing a page may show."""
    box = BOXES.get(kind, "document")
    if attachment.state != MediaState.STORED or box == "document":
        return box
    if attachment.shape == "file":
        return "document"
    return "sticker" if box == "sticker" and attachment.shape == "image" else attachment.shape


def _label(message: Message, of: str) -> str:
    """A caption describes its picture best."""
    if message.text:
        return " ".join(message.text.split())[:200]
    kind = str(words.kind_of(message.kind)[1])
    if message.direction != "in":
        return kind
    return _("%(kind)s from %(name)s") % {"kind": kind, "name": of}


def _about(attachment: Attachment) -> str:
    size = attachment.size_bytes
    return ", ".join(
        filter(None, (_type_words(attachment), "" if size is None else filesizeformat(size)))
    )


def _type_words(attachment: Attachment) -> str:
    """ "PDF", "XLSX": the end of the file's name, else of its type."""
    _stem, dot, ending = attachment.filename.rpartition(".")
    if dot and ending.isalnum() and len(ending) <= 5:
        return ending.upper()
    kind = (attachment.media.stored_mime_type or attachment.media.mime_type).partition(";")[0]
    short = kind.rpartition("/")[2].removeprefix("x-").partition("+")[0]
    return short.upper() if short.isalnum() and len(short) <= 5 else ""
