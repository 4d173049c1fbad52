"""What a file is, whatever it says of itself."""

from __future__ import annotations

import pytest

from messaging.checksums import sha256_hex
from messaging.sniffing import EXTENSIONS, extension, is_disguised, sniff
from tests.messaging import samples

OOXML = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HEX = "4a69cd6b4e0c8a4b8e1b1b9d3a3c4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d"


@pytest.mark.parametrize(
    ("content", "kind", "found"),
    [
        (samples.picture("JPEG"), "image", "image/jpeg"),
        (samples.picture("PNG"), "image", "image/png"),
        (samples.picture("WEBP"), "sticker", "image/webp"),
        (samples.picture("GIF"), "document", "image/gif"),
        (samples.MP4, "video", "video/mp4"),
        (samples.MP4, "voice", "audio/mp4"),
        (samples.OGG, "audio", "audio/ogg"),
        (b"\0\0\0\x18ftyp3gp4" + b"\0" * 40, "video", "video/3gpp"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "audio", "audio/webm"),
        (b"ID3\x03" + b"\0" * 40, "audio", "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + b"\0" * 40, "audio", "audio/mpeg"),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc", "audio", "audio/aac"),
        (b"#!AMR\n\x3c", "voice", "audio/amr"),
        (samples.PDF, "document", "application/pdf"),
        (b"BEGIN:VCARD\nVERSION:3.0\nEND:VCARD", "document", "text/vcard"),
        ("Olá, mundo".encode(), "document", "text/plain"),
        (bytes(range(128, 250)), "image", "application/octet-stream"),
        (b"MZ\x90\0" + b"\0" * 100, "document", "application/octet-stream"),
    ],
)
def test_type_is_what_the_bytes_say(content: bytes, kind: str, found: str) -> None:
    assert sniff(content, kind=kind, declared="image/jpeg") == found


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (samples.HTML, "text/html"),
        (b"\xef\xbb\xbf \r\n\t<script>alert(1)</script>", "text/html"),
        (b"<!-- nothing --><b onclick=alert(1)>", "text/html"),
        ("<html><script>1</script>".encode("utf-16"), "text/html"),
        (samples.SVG, "image/svg+xml"),
        (b"<svg onload=alert(1)>", "image/svg+xml"),
        (b"<?xml version='1.0'?><x/>", "text/xml"),
    ],
)
def test_markup_is_seen_through_and_is_no_picture(content: bytes, found: str) -> None:
    mime_type = sniff(content, kind="image", declared="image/png")

    assert mime_type == found
    assert is_disguised(mime_type, kind="image")
    assert not is_disguised(mime_type, kind="document")
    assert extension(mime_type) == "bin"


def test_a_polyglot_is_what_browsers_without_sniffing_take_it_for() -> None:
    assert sniff(samples.GIF_JS, kind="image", declared="image/jpeg") == "image/gif"
    assert sniff(samples.PDF_HTML, kind="document", declared="text/html") == "application/pdf"


def test_an_archive_is_an_office_file_only_where_it_was_declared_one() -> None:
    assert sniff(samples.docx(), kind="document", declared=OOXML) == OOXML
    assert sniff(samples.docx(), kind="document", declared="image/png") == "application/zip"


def test_declared_text_keeps_its_kind_and_no_other() -> None:
    assert sniff(b"a,b\n1,2", kind="document", declared="text/csv; charset=x") == "text/csv"
    assert sniff(b"a,b\n1,2", kind="document", declared="text/html") == "text/plain"


def test_a_letter_cut_at_the_end_of_the_head_is_still_text() -> None:
    head = ("a" * 4095 + "é").encode()[:4096]

    assert sniff(head, kind="document") == "text/plain"


def test_extensions_are_harmless() -> None:
    assert not {"html", "svg", "xml", "js", "exe"} & set(EXTENSIONS.values())


@pytest.mark.parametrize(
    ("declared", "found"),
    [
        (HEX, HEX),
        (HEX.upper(), HEX),
        ("SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=", "49f227634806293b0995459bc310b593e1"),
        ("4654+8g=", ""),
        ("a1b2c3d4e5f6...", ""),
        ("grwfwe/ZPx0wAbdfbdeFUNItPZ0RylL8gGUvdt3YFqc18SY=", ""),
        ("", ""),
        ("x" * 64, ""),
    ],
)
def test_checksums_are_read_in_hex_and_base64_and_placeholders_are_none(
    declared: str, found: str
) -> None:
    assert sha256_hex(declared)[: len(found) or None] == found
