"""Files from the provider to our storage: complete, or clearly failed."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from aiohttp import web
from django.core.files.storage import default_storage
from django.utils import timezone

from messaging import dead_letters, downloads, media_claims, media_files, transfers
from messaging.events import DeadLettersAdded, announced
from messaging.models import DeadLetter, Media
from tests import factories
from tests.messaging import samples
from tests.messaging.conftest import address_of_test_database, at_once, deliver, drain_all
from tests.messaging.origin import cut, endless, located, redirect, status

pytestmark = pytest.mark.django_db
PHOTO = samples.picture()


@pytest.fixture(autouse=True)
def _folder(media_root: Path) -> None:
    """Every test has its own."""


@pytest.fixture
def photo(conversation, origin) -> Media:
    """A photo that waits, and is there to be fetched."""
    message = factories.MessageFactory(conversation=conversation, kind="image")
    origin.put("777", PHOTO)
    return factories.MediaFactory(message=message, provider_id="777")


def fetched(media: Media, *, rounds: int = 1) -> Media:
    """The row after as many rounds, each as if it were due."""
    for _ in range(rounds):
        Media.objects.filter(pk=media.pk, state="waiting").update(
            due_at=timezone.now() - timedelta(hours=1)
        )
        downloads.fetch_due()
    media.refresh_from_db()
    return media


def files_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.rglob("*") if each.is_file())


def test_a_photo_is_stored_with_its_checksum_type_and_small_picture(photo, media_root) -> None:
    photo.declared_sha256 = base64.b64encode(hashlib.sha256(PHOTO).digest()).decode()
    photo.save()

    media = fetched(photo)

    assert (media.state, media.error_code, media.attempts) == ("stored", "", 1)
    assert (media_root / media.file).read_bytes() == PHOTO
    assert media.file.startswith(f"{media.organization_id}/{timezone.now():%Y/%m}/{media.pk}-")
    assert media.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert (media.stored_mime_type, media.size_bytes) == ("image/jpeg", len(PHOTO))
    assert (media.width, media.height) == (64, 48)
    assert (media_root / media.thumbnail).read_bytes() != PHOTO
    assert len(files_in(media_root)) == 2


def test_a_webhook_leads_to_a_stored_file(connection, origin, payloads) -> None:
    origin.put("1003383421387256", PHOTO)
    body = (payloads / "cloud" / "message_image_caption.json").read_bytes()
    sha256 = base64.b64encode(hashlib.sha256(PHOTO).digest())
    deliver(connection, body.replace(b"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=", sha256))
    drain_all(connection)

    assert downloads.fetch_due() == 1

    media = Media.objects.get()
    assert (media.state, media.message.text) == ("stored", "Taj Mahal")


def test_the_message_takes_the_next_number_when_its_file_is_stored(photo, conversation) -> None:
    conversation.refresh_from_db()
    before = conversation.head_seq

    fetched(photo)

    photo.message.refresh_from_db()
    conversation.refresh_from_db()
    assert photo.message.changed_seq == conversation.head_seq == before + 1


def test_graph_is_asked_with_the_token_and_the_number(photo, origin, channel) -> None:
    fetched(photo)

    graph, file = origin.asked
    assert (graph.path, graph.query) == ("/v24.0/777", f"phone_number_id={channel.external_id}")
    assert file.path == "/files/777"
    assert {each.headers["authorization"] for each in origin.asked} == {"Bearer access-token"}


def test_an_expired_address_is_resolved_anew(photo, origin) -> None:
    origin.then("/files/", status(404))

    assert fetched(photo).state == "waiting"
    assert fetched(photo).state == "stored"
    assert origin.times() == {"/v24.0/777": 2, "/files/777": 2}


def test_retries_wait_longer_each_time_and_then_a_person_is_told(
    photo, origin, settings, django_capture_on_commit_callbacks
) -> None:
    settings.PROCESSING_RETRY_DELAYS, settings.PROCESSING_MAX_ATTEMPTS = [10.0, 50.0], 3
    origin.then("/files/", *[status(503)] * 3)
    told: list[DeadLettersAdded] = []
    announced.connect(lambda fact, **_: told.append(fact), sender=DeadLettersAdded, weak=False)

    waits = []
    for _ in range(2):
        media = fetched(photo)
        assert (media.state, media.error_code) == ("waiting", "provider_error")
        waits.append(round((media.due_at - timezone.now()).total_seconds(), -1))
    with django_capture_on_commit_callbacks(execute=True):
        media = fetched(photo)

    assert waits == [10, 50]
    assert (media.state, media.attempts) == ("failed", 3)
    letter = DeadLetter.objects.get(media=media)
    assert (letter.source, letter.code, letter.state) == ("media", "provider_error", "failed")
    assert letter.attempts == 3
    assert letter.channel == media.message.channel
    assert told[-1].dead_letter_ids == (letter.pk,)
    assert not any(word in str(letter.payload) for word in ("http", "access-token"))


def test_a_retry_stores_the_file_and_resolves_the_dead_letter(photo, origin, settings) -> None:
    settings.PROCESSING_MAX_ATTEMPTS = 1
    origin.then("/files/", status(503))
    failed = fetched(photo).message
    failed.refresh_from_db()

    assert downloads.retry([photo.pk]) == 1
    assert downloads.retry([photo.pk]) == 0
    assert DeadLetter.objects.get().state == "retrying"

    assert fetched(photo).state == "stored"
    assert DeadLetter.objects.get().state == "resolved"
    before = failed.changed_seq
    failed.refresh_from_db()
    assert failed.changed_seq == before + 2


def test_a_file_that_fails_again_keeps_its_dead_letter(photo, origin, settings) -> None:
    settings.PROCESSING_MAX_ATTEMPTS = 1
    origin.then("/files/", status(503), status(404))
    fetched(photo)
    downloads.retry([photo.pk])

    fetched(photo)

    letter = DeadLetter.objects.get()
    assert (letter.state, letter.code, letter.attempts) == ("failed", "not_found", 2)


@pytest.mark.parametrize(
    ("content", "changes", "code"),
    [
        (b"", {}, "empty"),
        (PHOTO, {"declared_sha256": "0" * 64}, "wrong_checksum"),
        (samples.HTML, {}, "wrong_type"),
        (samples.SVG, {"mime_type": "image/png"}, "wrong_type"),
    ],
)
def test_what_is_not_what_was_announced_is_tried_again_and_leaves_nothing(
    photo, origin, media_root, content: bytes, changes: dict[str, str], code: str
) -> None:
    origin.put("777", content)
    Media.objects.filter(pk=photo.pk).update(**changes)

    assert (fetched(photo).state, photo.error_code) == ("waiting", code)
    assert (fetched(photo, rounds=2).state, photo.error_code) == ("failed", code)
    assert files_in(media_root) == []


def test_half_a_file_that_looks_whole_is_fetched_again(photo, origin, media_root) -> None:
    async def half(_: web.Request) -> web.Response:
        return web.Response(body=PHOTO[: len(PHOTO) // 2])

    origin.then("/files/", half)

    assert (fetched(photo).state, photo.error_code) == ("waiting", "interrupted")
    assert files_in(media_root) == []
    assert (media_root / fetched(photo).file).read_bytes() == PHOTO


def test_a_placeholder_for_a_checksum_proves_nothing(photo) -> None:
    Media.objects.filter(pk=photo.pk).update(declared_sha256="4654+8g=")

    assert fetched(photo).state == "stored"


def test_a_polyglot_is_stored_as_what_it_begins_with(photo, origin) -> None:
    origin.put("777", samples.GIF_JS, "text/javascript")

    media = fetched(photo)

    assert (media.state, media.stored_mime_type, media.thumbnail) == ("stored", "image/gif", "")
    assert media.file.endswith(".gif")


def test_html_as_a_document_is_kept_under_a_harmless_name(photo, origin) -> None:
    origin.put("777", samples.HTML, "text/html")
    Media.objects.filter(pk=photo.pk).update(kind="document", filename="../../x.html")

    media = fetched(photo)

    assert (media.state, media.stored_mime_type) == ("stored", "text/html")
    assert media.file.endswith(".bin")
    assert ".." not in media.file


def test_a_truncated_body_is_never_stored(photo, origin, media_root) -> None:
    origin.then("/files/", cut(PHOTO))

    assert (fetched(photo).state, photo.error_code) == ("waiting", "interrupted")
    assert files_in(media_root) == []


@pytest.mark.parametrize("announced_by", ["graph", "length", "nobody", "webhook"])
def test_a_file_that_is_too_large_is_given_up_at_once(
    photo, origin, monkeypatch, media_root, announced_by: str
) -> None:
    monkeypatch.setitem(transfers.LARGEST_BYTES, "image", 1000)
    content = b"\xff\xd8\xff" + b"x" * 5000
    origin.put("777", content)
    if announced_by != "graph":
        origin.located = {"file_size": "12"}
    if announced_by == "nobody":
        origin.then("/files/", endless(content, 20))
    if announced_by == "webhook":
        Media.objects.filter(pk=photo.pk).update(declared_size_bytes=5003)

    media = fetched(photo)

    assert (media.state, media.error_code, media.attempts) == ("failed", "too_large", 1)
    assert files_in(media_root) == []
    assert origin.times()["/files/777"] == (announced_by in {"length", "nobody"})


def test_the_token_is_never_taken_along_on_a_redirect(photo, origin) -> None:
    origin.then("/files/", redirect(f"{origin.base_url}/stolen"))

    assert (fetched(photo).state, photo.error_code) == ("waiting", "redirected")
    assert origin.times()["/stolen"] == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/a",
        "http://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "https://lookaside.fbsbx.com@127.0.0.1/a",
        "https://evil.lookaside.fbsbx.com/a",
        "https://xfbcdn.net/a",
        "https://127.0.0.1/a",
        "https://[::ffff:127.0.0.1]/a",
        "https://2130706433/a",
        "https://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/a",
        "file:///etc/passwd",
        "gopher://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com\\@evil.example.com/a",
        "https://[broken/a",
        "//lookaside.fbsbx.com/a",
    ],
)
def test_an_address_off_the_list_is_not_asked(photo, origin, url: str) -> None:
    origin.then("/v24.0/", located(url=url))

    media = fetched(photo)

    assert (media.state, media.error_code) == ("failed", "refused_address")
    assert len(origin.asked) == 1


def test_a_listed_name_that_points_inside_is_not_connected_to(photo, origin, monkeypatch) -> None:
    async def inside(self, host, port=0, family=0):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": 2}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", inside)
    origin.then("/v24.0/", located(url="https://lookaside.fbsbx.com/a"))

    assert fetched(photo).error_code == "refused_address"


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("157.240.1.1", True),
        ("2a03:2880:f003::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:157.240.1.1", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_public_addresses_are_told_from_others(address: str, is_public: bool) -> None:
    assert transfers.is_public(address) is is_public


@pytest.mark.parametrize(("owner", "step"), [(os, "open"), (os, "fsync"), (Path, "replace")])
def test_a_full_disk_is_tried_again(photo, monkeypatch, media_root, owner, step: str) -> None:
    def full(*_args: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, full)
        assert (fetched(photo).state, photo.error_code) == ("waiting", "not_written")
    assert files_in(media_root) == []

    assert fetched(photo).state == "stored"


def test_a_claim_is_kept_as_long_as_somebody_works_on_it(photo) -> None:
    (claim,) = media_claims.claim(limit=5)
    soon, past = timezone.now() + timedelta(seconds=1), timezone.now() - timedelta(seconds=1)
    for until, is_kept in ((soon, True), (past, False)):
        Media.objects.filter(pk=photo.pk).update(claimed_until=until)
        media_claims.renew([claim])
        photo.refresh_from_db()
        assert (photo.claimed_until > soon) is is_kept


def test_a_storage_that_is_no_disk_is_written_to_and_nothing_stays_behind(
    photo, media_root, settings
) -> None:
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": memory}

    media = fetched(photo)

    assert default_storage.open(media.file).read() == PHOTO
    assert files_in(media_root) == []


def test_a_claim_that_ran_out_writes_nothing(photo, media_root) -> None:
    (stale,) = media_claims.claim(limit=5)
    Media.objects.filter(pk=photo.pk).update(claimed_until=timezone.now() - timedelta(minutes=1))
    stored = media_claims.Stored(file="x", mime_type="y", sha256="z", size_bytes=1)

    assert not media_claims.record_stored(stale, stored)
    photo.refresh_from_db()
    assert (photo.state, photo.file) == ("fetching", "")


def test_a_file_whose_fetching_kills_processes_is_given_up(photo, settings) -> None:
    Media.objects.filter(pk=photo.pk).update(attempts=3, state="fetching")

    media = fetched(photo)

    assert (media.state, media.error_code) == ("failed", "abandoned")


def test_a_new_file_is_left_to_its_hint_for_a_moment(photo) -> None:
    Media.objects.filter(pk=photo.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert media_claims.claim(limit=5, grace_seconds=60) == []

    Media.objects.filter(pk=photo.pk).update(attempts=1)
    assert len(media_claims.claim(limit=5, grace_seconds=60)) == 1


def test_secrets_that_cannot_be_read_are_told(photo, connection) -> None:
    connection.sealed_secrets = "garbage"
    connection.save()

    assert fetched(photo).error_code == "secrets_unreadable"


def test_orphans_are_swept_and_what_rows_name_stays(photo, media_root) -> None:
    media = fetched(photo)
    folder = (media_root / media.file).parent
    stray, fresh = folder / f"{media.pk}-0123.jpg", folder / "999999-4567.jpg"
    half = media_files.incoming_folder() / "89ab.part"
    for path in (stray, fresh, half):
        path.write_bytes(b"x")
    old = time.time() - 2 * media_files.ORPHAN_SECONDS
    for path in (stray, half, media_root / media.file):
        os.utime(path, (old, old))

    assert media_files.sweep_orphans() == 2

    assert not stray.exists()
    assert not half.exists()
    assert fresh.exists()
    assert (media_root / media.file).exists()


@pytest.mark.django_db(transaction=True)
def test_a_file_that_somebody_is_just_taking_is_left_to_them(photo) -> None:
    with psycopg.connect(address_of_test_database()) as other:
        other.execute("SELECT id FROM messaging_media FOR UPDATE")
        assert media_claims.claim(limit=5) == []
    assert len(media_claims.claim(limit=5)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_fetch_a_file_twice(photo, origin) -> None:
    for number in range(20):
        origin.put(str(number), PHOTO)
        factories.MediaFactory(message__conversation=photo.message.conversation, provider_id=number)

    at_once(downloads.fetch_due, downloads.fetch_due, downloads.fetch_due)

    assert set(Media.objects.values_list("state", "attempts")) == {("stored", 1)}
    assert set(origin.times().values()) == {1}


def test_the_admin_site_and_the_failure_desk_ask_again(
    photo, origin, settings, admin_client
) -> None:
    settings.PROCESSING_MAX_ATTEMPTS = 1
    origin.then("/files/", status(503), status(503))
    fetched(photo)
    fields = {"action": "fetch_again", "_selected_action": [photo.pk]}
    admin_client.post("/admin/messaging/media/", fields)
    photo.refresh_from_db()
    assert photo.state == "waiting"

    assert fetched(photo).state == "failed"
    assert dead_letters.retry([DeadLetter.objects.get().pk]) == 1
    assert fetched(photo).state == "stored"
    assert DeadLetter.objects.get().state == "resolved"
