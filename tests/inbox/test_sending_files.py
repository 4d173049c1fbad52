"""From an uploaded file to a message with it, and to the provider that fetches it by itself."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.test import Client
from django.utils import timezone

from messaging import media_files, models
from outbound import courtesies, file_links, uploads
from outbound.models import OutboxEntry, ProviderFile, Upload
from tests import factories
from tests.messaging import samples

pytestmark = pytest.mark.django_db
PHOTO = samples.picture(size=(320, 200))


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.PUBLIC_URL = "https://inbox.example.com"


@pytest.fixture
def give(client_of):
    def post(user: models.User, content: bytes = PHOTO, name: str = "bolo.jpg", kind: str = ""):
        file = SimpleUploadedFile(name, content, "image/jpeg")
        answer = client_of(user).post("/api/v1/uploads/", {"file": file, "kind": kind})
        assert answer.status_code == 201, answer.json()
        return Upload.objects.get(pk=answer.json()["id"])

    return post


@pytest.fixture
def send(client_of, alice, open_conversation):
    def post(kind: str, content: dict[str, Any], client_message_id: str = "c1", **fields: Any):
        body = {
            "conversation": open_conversation.pk,
            "client_message_id": client_message_id,
            "kind": kind,
            "content": content,
            **fields,
        }
        browser: Client = client_of(alice)
        return browser.post("/api/v1/messages/", json.dumps(body), content_type="application/json")

    return post


def test_a_photo_is_sent_and_shown_like_any_other(send, give, client_of, alice, told) -> None:
    upload = give(alice)
    answer = send("image", {"image": {"upload": upload.pk, "caption": "O bolo"}})
    assert answer.status_code == 201, answer.json()
    message = models.Message.objects.get(pk=answer.json()["id"])
    [media] = told(message)["media"]
    assert (message.kind, message.text, media["state"]) == ("image", "O bolo", "stored")
    assert media["sha256"] == upload.sha256
    for address in (media["url"], f"{media['url']}thumbnail/"):
        assert client_of(alice).get(address).status_code == 200
    upload.refresh_from_db()
    assert upload.used_at is not None


def test_the_message_waits_for_its_file_in_its_place(send, give, alice) -> None:
    send("image", {"image": {"upload": give(alice).pk}})
    entry, file = OutboxEntry.objects.get(), ProviderFile.objects.get()
    assert file.state == "waiting"
    assert file.media.message_id == entry.message_id
    assert entry.due_at > entry.ready_at


def test_a_repeated_request_is_the_first_one(send, give, alice) -> None:
    content = {"image": {"upload": give(alice).pk}}
    first, again = send("image", content), send("image", content)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert models.Media.objects.count() == 1


def test_another_file_under_the_same_id_is_refused(send, give, alice) -> None:
    send("image", {"image": {"upload": give(alice).pk}})
    answer = send("image", {"image": {"upload": give(alice).pk}})
    assert (answer.status_code, answer.json()["code"]) == (409, "id_reused")


def test_one_upload_may_go_to_several_messages(send, give, alice) -> None:
    upload = give(alice)
    for client_message_id in ("a", "b"):
        assert send("image", {"image": {"upload": upload.pk}}, client_message_id).status_code == 201
    names = set(models.Media.objects.values_list("file", flat=True))
    assert (names, models.Media.objects.count()) == ({upload.file}, 2)


@pytest.mark.parametrize("whose", ["mallory", "nobody"])
def test_what_is_not_ours_does_not_exist(send, give, mallory, whose: str) -> None:
    theirs = give(mallory).pk if whose == "mallory" else 2**62
    answer = send("image", {"image": {"upload": theirs}})
    assert answer.status_code == 422
    sentence = "There is no such file. Upload it again."
    assert answer.json()["errors"] == {"content.image.upload": [sentence]}
    assert not OutboxEntry.objects.exists()
    assert not models.Media.objects.exists()


def test_a_document_is_not_sent_as_a_photo(send, give, alice) -> None:
    paper = give(alice, samples.PDF, "lista.pdf")
    assert send("image", {"image": {"upload": paper.pk}}).status_code == 422
    assert send("document", {"document": {"upload": paper.pk}}).status_code == 201


def test_a_voice_note_is_one(send, give, alice, payloads: Path) -> None:
    note = give(alice, (payloads / "voice" / "chromium.webm").read_bytes(), "blob", "voice")
    answer = send("voice", {"audio": {"upload": note.pk}})
    assert answer.status_code == 201, answer.json()
    assert models.Media.objects.get().kind == "voice"


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_swept_while_it_is_sent_is_never_half_there(give, alice, send) -> None:
    upload = give(alice)
    with database.cursor() as cursor:
        cursor.execute("UPDATE outbound_upload SET created_at = now() - interval '2 days'")
    thread = threading.Thread(target=sweep)
    thread.start()
    answer = send("image", {"image": {"upload": upload.pk}})
    thread.join(20)
    is_kept = Upload.objects.filter(pk=upload.pk).exists()
    assert answer.status_code == (201 if is_kept else 422)
    assert models.Media.objects.exists() is is_kept


def sweep() -> None:
    uploads.sweep_unused()
    database.close()


def shared(media: models.Media, token: str = "") -> Any:
    return Client().get(f"/files/{token or file_links.token_for(media.pk)}/")


def test_a_provider_fetches_a_file_by_its_link(send, give, alice) -> None:
    send("document", {"document": {"upload": give(alice, samples.PDF, "Lista de março.pdf").pk}})
    media = models.Media.objects.get()
    link = file_links.link_to(media.pk)
    assert link.startswith("https://inbox.example.com/files/")
    answer: Any = Client().get(link.removeprefix("https://inbox.example.com"))
    assert b"".join(answer.streaming_content) == samples.PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_link_is_for_one_file_and_ends(send, give, alice, say) -> None:
    send("image", {"image": {"upload": give(alice).pk}})
    media = models.Media.objects.get()
    token = file_links.token_for(media.pk)
    assert shared(media, token).status_code == 200
    assert shared(media, token[:-1] + ("A" if token[-1] != "A" else "B")).status_code == 404
    assert shared(media, str(media.pk)).status_code == 404
    with time_machine.travel(timezone.now() + file_links.LIFETIME + timedelta(seconds=2)):
        assert shared(media, token).status_code == 404


def test_what_customers_sent_has_no_link(conversation) -> None:
    message = factories.MessageFactory(conversation=conversation, kind="image")
    file = media_files.keep_bytes(PHOTO, "1/2026/01/1-photo.jpg")
    media = factories.MediaFactory(message=message, stored=True, file=file)
    assert shared(media).status_code == 404
    models.Message.objects.update(direction=models.Direction.OUT)
    assert shared(media).status_code == 200


def test_reading_and_answering_are_occasions(
    send, alice, bob, client_of, open_conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(courtesies, "on_open", lambda pks: seen.append(f"open {pks}"))
    monkeypatch.setattr(courtesies, "on_reply", lambda pk: seen.append(f"reply {pk}"))
    address = f"/conversations/{open_conversation.pk}/read/"
    client_of(alice).post(address, {"seq": 1})
    send("text", {}, text="Sim!")
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    client_of(bob).post(address, {"seq": 1})
    pk = open_conversation.pk
    assert seen == [f"open [{pk}]", f"reply {pk}"]
