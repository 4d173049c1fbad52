"""What a file really is, from its first bytes; pure. Nothing that was declared is believed.

The kind a provider declared only chooses between names of one container: an MP4 that came as
audio is audio. What is not recognised is `application/octet-stream`, kept and never shown.
"""

from __future__ import annotations

import re

import puremagic

HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

# Kinds that are drawn or played, so that text in their place is never what was sent.
PLAYED_KINDS = frozenset({"image", "sticker", "video", "audio", "voice"})
SOUND_KINDS = frozenset({"audio", "voice"})

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/3gpp": "3gp",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/webm": "weba",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/wav": "wav",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/vcard": "vcf",
    # Never run: they keep a name that no program opens by itself.
    "text/html": "bin",
    "image/svg+xml": "bin",
    "text/xml": "bin",
}
# Declared types that a plain text or a ZIP may be; its first bytes cannot tell them apart.
TEXTS = frozenset({"text/plain", "text/csv", "text/vcard", "application/json", "text/calendar"})
PACKED = frozenset(
    name for name in EXTENSIONS if name.startswith("application/vnd.openxmlformats")
) | {"application/zip", "application/vnd.oasis.opendocument.text"}
COMPOUND = frozenset({"application/msword", "application/vnd.ms-excel"}) | {
    "application/vnd.ms-powerpoint"
}

ACTIVE = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|svg|iframe|object|embed|meta|img|style|a)[\s>/]",
    re.IGNORECASE,
)
BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}


def sniff(head: bytes, *, kind: str, declared: str = "") -> str:
    """The type of a file that begins with `head` and came as `kind`, declared as `declared`."""
    bare = declared.partition(";")[0].strip().lower()
    return (
        _markup(head)
        or _picture(head)
        or _recording(head, kind)
        or _document(head, bare)
        or _text(head, bare)
        or UNKNOWN
    )


def is_disguised(mime_type: str, *, kind: str) -> bool:
    """Whether text came where a picture, film or sound was announced: an error page or worse."""
    is_text = mime_type.startswith("text/") or mime_type in {"image/svg+xml", "application/json"}
    return kind in PLAYED_KINDS and is_text


def extension(mime_type: str) -> str:
    """What the stored file is called after the dot."""
    return EXTENSIONS.get(mime_type, "bin")


def _markup(head: bytes) -> str:
    """HTML, SVG and XML, with or without a prologue, a comment or white space before them."""
    start = _decoded_start(head)
    if not start.startswith(b"<"):
        return ""
    if re.search(rb"<svg[\s>/]", start, re.IGNORECASE):
        return "image/svg+xml"
    if ACTIVE.search(start):
        return "text/html"
    return "text/xml" if start.startswith(b"<?xml") else "text/html"


def _decoded_start(head: bytes) -> bytes:
    """Without byte order marks and leading space; UTF-16, which browsers read too, undone."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\f\v\0")


def _picture(head: bytes) -> str:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return ""


def _recording(head: bytes, kind: str) -> str:
    """Sound and film. puremagic knows the containers; what is inside, the kind has to say."""
    family = "audio" if kind in SOUND_KINDS else "video"
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12], family)
    if head.startswith(b"OggS"):
        return "audio/ogg" if kind in SOUND_KINDS or b"Opus" in head[:64] else UNKNOWN
    if head.startswith(b"\x1aE\xdf\xa3") and b"webm" in head[:64]:
        return f"{family}/webm"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    return _stream(head)


def _of_brand(brand: bytes, family: str) -> str:
    if brand in BRANDS:
        return BRANDS[brand]
    if brand.startswith((b"3gp", b"3g2")):
        return "audio/mp4" if family == "audio" else "video/3gpp"
    return f"{family}/mp4"


def _stream(head: bytes) -> str:
    """Raw AAC and MP3: a frame's first twelve bits, or a tag before it."""
    if head.startswith(b"ID3"):
        return "audio/mpeg"
    if len(head) < 4 or head[0] != 0xFF:
        return ""
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    has_layer, has_rate = head[1] & 0x06 == 0x02, head[2] & 0xF0 not in (0, 0xF0)
    return "audio/mpeg" if head[1] & 0xE0 == 0xE0 and has_layer and has_rate else ""


def _document(head: bytes, declared: str) -> str:
    found = _by_magic(head)
    if "application/pdf" in found[:1] or head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"PK\x03\x04"):
        return declared if declared in PACKED else "application/zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return declared if declared in COMPOUND else UNKNOWN
    return next((name for name in found if name in EXTENSIONS and name not in TEXTS), "")


def _by_magic(head: bytes) -> list[str]:
    try:
        return [match.mime_type for match in puremagic.magic_string(head) if match.mime_type]
    except (puremagic.PureError, ValueError):
        return []


def _text(head: bytes, declared: str) -> str:
    """Text that holds no control characters; which one, only the declaration knows."""
    if b"\0" in head:
        return ""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character may be cut in two at the end of what we look at.
        if error.start < len(head) - 3:
            return ""
        text = head[: error.start].decode("utf-8")
    if any(ord(letter) < 32 and letter not in "\t\r\n\f\x1b" for letter in text):
        return ""
    if text.startswith("BEGIN:VCARD"):
        return "text/vcard"
    return declared if declared in TEXTS else TEXT
