"""Files that are given to us to send: what is taken, what is made of it, what is refused."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client
from PIL import Image

from messaging import media_files, models, voice
from outbound import upload_rules, uploads
from outbound.models import Upload
from tests.messaging import samples

pytestmark = pytest.mark.django_db
MP4 = b"\0\0\0\x18ftypisom" + bytes(64)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def give(alice, client_of):
    """Uploads something as Alice's browser does."""

    def post(content: bytes, name: str = "bolo.jpg", kind: str = "", by: Any = None, **fields):
        file = SimpleUploadedFile(name, content, fields.pop("declared", "image/jpeg"))
        browser: Client = client_of(by or alice)
        return browser.post("/api/v1/uploads/", {"file": file, "kind": kind, **fields})

    return post


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*") if each.is_file())


def stored(answer: Any) -> tuple[Upload, bytes]:
    assert answer.status_code == 201, answer.json()
    upload = Upload.objects.get(pk=answer.json()["id"])
    return upload, (media_files.incoming_folder().parent / upload.file).read_bytes()


def refusal(answer: Any) -> str:
    assert answer.status_code == 422
    assert not Upload.objects.exists()
    [sentence] = answer.json()["errors"]["file"]
    return str(sentence)


def test_a_photo_is_kept_as_it_is_with_a_small_one(give, folder: Path, alice) -> None:
    photo = samples.picture(size=(800, 600))
    answer = give(photo)
    upload, content = stored(answer)
    assert content == photo
    assert answer.json() == {
        "id": upload.pk,
        "kind": "image",
        "mime_type": "image/jpeg",
        "filename": "bolo.jpg",
        "size_bytes": len(photo),
        "sha256": upload.sha256,
    }
    assert (upload.author, upload.width, upload.height) == (alice, 800, 600)
    assert len(files_in(folder)) == 2


@pytest.mark.parametrize(
    ("content", "name", "kind", "expected"),
    [
        (samples.picture("PNG"), "a.png", "", ("image", "image/png")),
        (samples.picture("WEBP", mode="RGBA"), "a.webp", "", ("image", "image/jpeg")),
        (samples.picture("BMP"), "a.bmp", "image", ("image", "image/jpeg")),
        (samples.picture("WEBP", (512, 512)), "a.webp", "sticker", ("sticker", "image/webp")),
        (MP4, "a.mp4", "video", ("video", "video/mp4")),
        (MP4, "a.m4a", "voice", ("audio", "audio/mp4")),
        (b"#!AMR\n" + bytes(20), "a.amr", "audio", ("audio", "audio/amr")),
        (samples.PDF, "a.pdf", "", ("document", "application/pdf")),
        (samples.picture(), "a.jpg", "document", ("document", "image/jpeg")),
        (samples.HTML, "a.jpg", "", ("document", "text/html")),
        (b"\x01\x02\x03" * 9, "a.dwg", "", ("document", "application/octet-stream")),
    ],
)
def test_the_bytes_say_what_a_file_is(give, content: bytes, name, kind, expected) -> None:
    upload, _ = stored(give(content, name, kind, declared=""))
    assert (upload.kind, upload.mime_type) == expected


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(64), "image", "JPEG, PNG only"),
        (samples.animated_sticker(), "image", "JPEG, PNG only"),
        (samples.HTML, "image", "JPEG, PNG only"),
        (samples.pixel_flood(), "sticker", "WebP, 512"),
        (samples.picture("WEBP", (511, 512)), "sticker", "WebP, 512"),
        (b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + bytes(64), "video", "MP4, 3GP only"),
        (b"\x1aE\xdf\xa3\x9f\x42\x82\x84webm" + bytes(64), "voice", "Opus sound only"),
        (b"OggS" + bytes(80), "audio", "Opus sound only"),
        (b"RIFF\0\0\0\0WAVE" + bytes(20), "audio", "MP3"),
        (b"", "image", "is empty"),
    ],
)
def test_what_whatsapp_would_refuse_is_refused_here(
    give, folder: Path, content: bytes, kind: str, words: str
) -> None:
    assert words in refusal(give(content, "x.bin", kind))
    assert files_in(folder) == []


def test_a_recording_becomes_a_voice_note(give, payloads: Path) -> None:
    recorded = (payloads / "voice" / "chromium.webm").read_bytes()
    upload, content = stored(give(recorded, "blob", "audio", voice="true", declared="audio/webm"))
    assert (upload.kind, upload.mime_type, upload.filename) == ("voice", "audio/ogg", "blob.ogg")
    assert voice.read(content) == voice.read(recorded)


def test_a_photo_of_too_many_bytes_is_drawn_smaller(give) -> None:
    noise = Image.effect_noise((2600, 2200), 90).convert("RGB")
    content = io.BytesIO()
    noise.save(content, "PNG")
    assert len(content.getvalue()) > upload_rules.largest_bytes("image")
    upload, kept = stored(give(content.getvalue(), "chuva.png"))
    assert (upload.mime_type, upload.filename) == ("image/jpeg", "chuva.jpg")
    assert upload.size_bytes == len(kept) <= upload_rules.largest_bytes("image")


def test_a_redrawn_photo_keeps_nothing_but_its_pixels(give) -> None:
    content = io.BytesIO()
    Image.open(io.BytesIO(samples.photo_with_place((80, 40)))).save(
        content, "WEBP", exif=Image.open(io.BytesIO(samples.photo_with_place())).getexif()
    )
    assert b"SecretCamera" in content.getvalue()
    upload, kept = stored(give(content.getvalue(), "a.webp"))
    assert b"Secret" not in kept
    assert (upload.width, upload.height) == (40, 80)


def test_too_large_for_its_kind_is_said_with_the_limit(give, folder: Path) -> None:
    film = MP4 + bytes(upload_rules.largest_bytes("video"))
    assert "at most 16.0" in refusal(give(film, "a.mp4", "video"))
    assert files_in(folder) == []


def test_what_is_larger_than_anything_is_read_to_its_end_and_dropped(
    give, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_rules, "LARGEST_BYTES", 100_000)
    assert "too large" in refusal(give(samples.PDF + bytes(120_000), "a.pdf"))
    assert files_in(folder) == []


def test_a_full_disk_is_said_and_leaves_nothing(give, folder: Path, monkeypatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("messaging.media_files.os.fsync", full)
    answer = give(samples.picture())
    assert (answer.status_code, answer.json()["code"]) == (503, "not_written")
    assert files_in(folder) == []
    assert not Upload.objects.exists()


def test_auditors_and_strangers_upload_nothing(give, folder: Path, bob) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    assert give(samples.picture(), by=bob).status_code == 403
    assert Client().post("/api/v1/uploads/", {"file": io.BytesIO(b"x")}).status_code in (401, 403)
    assert files_in(folder) == []


def test_what_nobody_sent_is_gone_after_a_day_and_the_rest_stays(give, folder: Path) -> None:
    old, used, new = (Upload.objects.get(pk=give(samples.PDF).json()["id"]) for _ in range(3))
    yesterday = Now() - timedelta(hours=25)
    Upload.objects.filter(pk__in=[old.pk, used.pk]).update(created_at=yesterday)
    Upload.objects.filter(pk=used.pk).update(used_at=Now())
    assert uploads.sweep_unused() == 1
    assert set(Upload.objects.values_list("pk", flat=True)) == {used.pk, new.pk}
    assert files_in(folder) == sorted(Path(each.file).name for each in (used, new))


def test_a_file_whose_row_was_never_written_is_swept(give, folder: Path, monkeypatch) -> None:
    kept = Upload.objects.get(pk=give(samples.picture()).json()["id"])
    lost = media_files.new_name(
        organization_id=kept.organization_id, media_id="u999999", extension="jpg"
    )
    media_files.keep_bytes(b"lost", lost)
    assert media_files.sweep_orphans() == 0
    monkeypatch.setattr(media_files, "ORPHAN_SECONDS", -5.0)
    assert (media_files.sweep_orphans(), uploads.sweep_unused()) == (0, 1)
    assert files_in(folder) == sorted(Path(each).name for each in (kept.file, kept.thumbnail))


@pytest.mark.parametrize(("has_token", "status"), [(True, 201), (False, 403)])
def test_a_browser_shows_its_token_as_everywhere(alice, folder: Path, has_token, status) -> None:
    """Looking for the token in the form reads all of it, the file too."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    page = browser.get("/").content.decode()
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    headers = {"X-CSRFToken": token} if has_token else {}
    file = SimpleUploadedFile("bolo.jpg", samples.picture(), "image/jpeg")
    answer = browser.post("/api/v1/uploads/", {"file": file}, headers=headers)
    assert answer.status_code == status, answer.content
    assert Upload.objects.exists() is has_token
    assert not list(media_files.incoming_folder().glob("*"))
