"""Files as they are served: to whom, how, and in which pieces."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import default_storage
from django.db import connections
from django.test import AsyncClient
from django.urls import reverse
from django.utils import timezone

from inbox import media as shown
from inbox.filenames import safe_filename
from messaging import media_files, models
from tests import factories
from tests.messaging import samples

pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def stored(conversation, settings, tmp_path: Path):
    """A file of Carla's, as it lies in storage."""
    settings.MEDIA_ROOT = str(tmp_path)

    def make(content: bytes = CONTENT, mime_type: str = "image/jpeg", **changes) -> models.Media:
        message = factories.MessageFactory(conversation=conversation, kind="image")
        media = factories.MediaFactory(
            message=message,
            state="stored",
            stored_mime_type=mime_type,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            stored_at=timezone.now(),
            **changes,
        )
        name = media_files.new_name(
            organization_id=media.organization_id, media_id=media.pk, extension="jpg"
        )
        media.file = media_files.keep_bytes(content, name)
        media.thumbnail = media_files.keep_bytes(samples.picture(), f"{name}-small.jpg")
        media.save()
        return media

    return make


def url(media: models.Media) -> str:
    return reverse("inbox:media", args=[media.pk])


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_in_place_and_can_do_nothing(client_of, alice, stored) -> None:
    media = stored(filename="bolo.jpeg")

    response = client_of(alice).get(url(media))

    assert body(response) == CONTENT
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Disposition"] == 'inline; filename="bolo.jpeg"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"].startswith("private")
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["ETag"] == f'"{media.sha256}"'


@pytest.mark.parametrize(
    ("mime_type", "sent_as"),
    [
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/xml", "application/octet-stream"),
        ("text/plain", "application/octet-stream"),
        ("application/zip", "application/octet-stream"),
        ("application/pdf", "application/pdf"),
        ("application/octet-stream", "application/octet-stream"),
    ],
)
def test_what_a_browser_could_run_is_only_handed_over(
    client_of, alice, stored, mime_type: str, sent_as: str
) -> None:
    response = client_of(alice).get(url(stored(samples.HTML, mime_type, filename="page.html")))

    assert response["Content-Type"] == sent_as
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd.jpg"),
        ("..\\..\\boot.ini", "boot.ini.jpg"),
        ("photo\r\nSet-Cookie: a=b.jpg", "photoSet-Cookie_ a=b.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe.jpg"),
        ("x.html", "x.html.jpg"),
        ("nul\0byte.jpg", "nulbyte.jpg"),
        ("", "image-1.jpg"),
        ("...", "image-1.jpg"),
        ("a" * 5000 + ".jpg", "a" * 116 + ".jpg"),
        ('sa"y;.JPEG', "sa_y;.JPEG"),
        ("bolo de maçã 🎂.jpg", "bolo de maçã 🎂.jpg"),
    ],
)
def test_names_of_strangers_become_harmless(name: str, safe: str) -> None:
    assert safe_filename(name, fallback="image-1", extension="jpg") == safe


def test_a_name_with_letters_of_its_own_travels_encoded(client_of, alice, stored) -> None:
    response = client_of(alice).get(url(stored(mime_type="application/pdf", filename="maçã.pdf")))

    assert response["Content-Disposition"] == "attachment; filename*=utf-8''ma%C3%A7%C3%A3.pdf"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, len(CONTENT)),
        ("bytes=100-199", 100, 200),
        ("bytes=10000-99999", 10000, len(CONTENT)),
        ("bytes=-100", len(CONTENT) - 100, len(CONTENT)),
        ("bytes=-99999", 0, len(CONTENT)),
    ],
)
def test_a_range_is_answered_with_that_range(
    client_of, alice, stored, asked: str, start: int, stop: int
) -> None:
    response = client_of(alice).get(url(stored()), headers={"Range": asked})

    assert response.status_code == 206
    assert body(response) == CONTENT[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"
    assert response["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0", "bytes=999999-9999999"])
def test_a_range_outside_the_file_is_416(client_of, alice, stored, asked: str) -> None:
    response = client_of(alice).get(url(stored()), headers={"Range": asked})

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=-", "bytes=0-1,5-9", "lines=1-2", "bytes=a-b", "bytes=٣-٤"]
)
def test_a_range_that_makes_no_sense_is_answered_with_the_whole(
    client_of, alice, stored, asked: str
) -> None:
    response = client_of(alice).get(url(stored()), headers={"Range": asked})

    assert (response.status_code, body(response)) == (200, CONTENT)


def test_a_range_of_another_version_is_answered_with_the_whole(client_of, alice, stored) -> None:
    headers = {"Range": "bytes=0-9", "If-Range": '"other"'}

    assert client_of(alice).get(url(stored()), headers=headers).status_code == 200


def test_who_has_it_already_is_sent_nothing(client_of, alice, stored) -> None:
    media = stored()

    response = client_of(alice).get(url(media), headers={"If-None-Match": f'"{media.sha256}"'})

    assert (response.status_code, response.content) == (304, b"")


def test_head_tells_the_size_without_the_bytes(client_of, alice, stored) -> None:
    response = client_of(alice).head(url(stored()))

    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"


def test_the_small_picture_is_served_alike(client_of, alice, stored) -> None:
    media = stored()

    response = client_of(alice).get(reverse("inbox:media-thumbnail", args=[media.pk]))

    assert body(response) == samples.picture()
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["inbox:media", "inbox:media-thumbnail"])
def test_who_may_not_read_the_message_finds_no_file(
    client_of, alice, mallory, organization, stored, name: str
) -> None:
    elsewhere = factories.MembershipFactory(organization=organization, sees_all_channels=False).user
    address = reverse(name, args=[stored().pk])

    assert client_of(alice).get(address).status_code == 200
    assert client_of(mallory).get(address).status_code == 404
    assert client_of(elsewhere).get(address).status_code == 404


def test_strangers_are_sent_to_the_login(client, stored) -> None:
    response = client.get(url(stored()))

    assert response.status_code == 302
    assert response["Location"].startswith("/login/")


def test_a_program_reads_with_its_token(client, alice, mallory, stored) -> None:
    address = url(stored())

    def status(headers: dict[str, str]) -> int:
        return client.get(address, headers=headers).status_code

    assert status({"Authorization": f"Bearer {_token(client, alice)}"}) == 200
    assert status({"Authorization": f"Bearer {_token(client, mallory)}"}) == 404
    assert status({"Authorization": "Bearer wrong"}) == 401
    assert status({"Authorization": "Basic YTpi"}) == 401


def _token(client, user: models.User) -> str:
    fields = {"email": user.email, "password": "demo-inbox"}
    answer = client.post("/api/v1/auth/token/", fields, content_type="application/json")
    return str(answer.json()["token"])


@pytest.mark.parametrize("state", ["waiting", "fetching", "failed"])
def test_what_is_not_stored_is_not_there(client_of, alice, stored, state: str) -> None:
    media = stored()
    models.Media.objects.filter(pk=media.pk).update(state=state)

    assert client_of(alice).get(url(media)).status_code == 404


def test_a_file_that_was_lost_from_storage_is_404(client_of, alice, stored) -> None:
    media = stored()
    default_storage.delete(media.file)

    assert client_of(alice).get(url(media)).status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_under_asgi_it_arrives_in_pieces(alice, stored) -> None:
    media = await sync_to_async(stored)(b"x" * 600_000)
    client = AsyncClient()
    await client.aforce_login(alice)

    response: Any = await client.get(url(media), headers={"Range": "bytes=1-"})

    assert response.is_async
    pieces = [piece async for piece in response.streaming_content]
    assert [len(piece) for piece in pieces] == [262_144, 262_144, 75_711]
    response.close()
    await sync_to_async(connections.close_all)()


def test_an_agent_asks_for_a_failed_file_again(client_of, alice, stored) -> None:
    media = stored()
    models.Media.objects.filter(pk=media.pk).update(state="failed", attempts=3)

    response = client_of(alice).post(reverse("inbox:media-retry", args=[media.pk]))

    assert response["Location"] == f"/conversations/{media.message.conversation_id}/"
    media.refresh_from_db()
    assert (media.state, media.attempts) == ("waiting", 0)


def test_an_auditor_and_a_stranger_do_not(client_of, organization, mallory, stored) -> None:
    media = stored()
    models.Media.objects.filter(pk=media.pk).update(state="failed")
    auditor = factories.MembershipFactory(organization=organization, role="auditor").user
    address = reverse("inbox:media-retry", args=[media.pk])

    assert client_of(auditor).post(address).status_code == 403
    assert client_of(mallory).post(address).status_code == 404
    assert client_of(auditor).get(address).status_code == 405
    media.refresh_from_db()
    assert media.state == "failed"


def test_json_says_what_the_provider_said_until_the_file_is_here(stored) -> None:
    media = stored(declared_sha256="4654+8g=", declared_size_bytes=7)
    whole = shown.media_json(media)
    media.state, media.sha256 = "waiting", ""

    waiting = shown.media_json(media)

    assert (whole["sha256"], whole["size_bytes"]) == (
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
    )
    assert whole["url"] == f"/media/{media.pk}/"
    assert (waiting["sha256"], waiting["size_bytes"], waiting["url"]) == ("", 7, None)


def test_a_failed_file_says_why_in_a_sentence(stored) -> None:
    media = stored()
    media.state, media.error_code, media.error_title = "failed", "too_large", "x"

    assert shown.attachment(media).why == "The file is larger than files of its kind may be."
    assert shown.attachment(media).url == ""
