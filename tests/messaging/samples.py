"""Small files of many kinds, honest ones and others."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image


def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    Image.new(mode, size, (200, 60, 30, 128)[: len(mode)]).save(content, form)
    return content.getvalue()


def photo_with_place(size: tuple[int, int] = (80, 40)) -> bytes:
    """A photo with GPS coordinates, a camera's name, XMP, and the order to turn it."""
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 0.0), 3: "W", 4: (9.0, 8.0, 0.0)})
    content = io.BytesIO()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SecretPlace</x:xmpmeta>"
    Image.new("RGB", size, (10, 200, 30)).save(
        content, "JPEG", exif=exif, xmp=xmp, comment=b"SecretNote"
    )
    return content.getvalue()


def animated_sticker() -> bytes:
    content = io.BytesIO()
    frames = [Image.new("RGBA", (96, 96), colour) for colour in ((255, 0, 0, 90), (0, 0, 255, 90))]
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:], duration=80)
    return content.getvalue()


def pixel_flood(side: int = 60_000) -> bytes:
    """A PNG of a few bytes that claims to be an enormous picture."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    )


def docx() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    return content.getvalue()


HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'
GIF_JS = b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PDF_HTML = b"%PDF-1.4\n<html><script>alert(1)</script>"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 400
OGG = b"OggS\0\x02" + b"\0" * 20 + b"\x01\x13OpusHead\x01\x01" + b"\0" * 400
