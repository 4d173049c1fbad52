"""Files, reactions, places and buttons from the composer: one form each, or all with the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from inbox import emoji, places
from messaging import voice
from messaging.models import Membership, Message, Role
from outbound.models import Upload
from tests.inbox.conftest import FRAGMENT
from tests.messaging import samples

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n" + bytes(64)


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def upload(alice, client_of):
    """What the tray's script does with a file."""

    def give(content: bytes, name: str, kind: str = "") -> int:
        file = SimpleUploadedFile(name, content)
        answer = client_of(alice).post("/api/v1/uploads/", {"file": file, "kind": kind})
        return int(answer.json()["id"])

    return give


@pytest.fixture
def reply(alice, client_of, open_conversation):
    """Alice's browser posts the composer's form; as a page where `fragment` is off."""
    address = reverse("inbox:conversation-reply", args=[open_conversation.pk])

    def post(fragment: bool = True, **fields: Any):
        body = {"client_message_id": "c-1", "text": "", **fields}
        return client_of(alice).post(address, body, **(FRAGMENT if fragment else {}))

    return post


def photo(name: str = "bolo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples.picture(), "image/jpeg")


def sent() -> list[tuple[str, str]]:
    rows = Message.objects.filter(direction="out").order_by("seq")
    return list(rows.values_list("kind", "text"))


def test_an_uploaded_file_leaves_with_its_caption(reply, upload) -> None:
    answer = reply(kind="image", upload=upload(samples.picture(), "bolo.jpg"), text="Assim?")
    assert answer.status_code == 201
    assert sent() == [("image", "Assim?")]
    media = Message.objects.get(direction="out").media.get()
    assert f"/media/{media.pk}/thumbnail/" in answer.content.decode()


def test_a_repeated_form_sends_its_file_once(reply, upload) -> None:
    fields = {"kind": "document", "upload": upload(PDF, "lista.pdf")}
    first, again = reply(**fields), reply(**fields)
    assert (first.status_code, again.status_code, len(sent())) == (201, 201, 1)
    other = reply(kind="document", upload=upload(PDF, "lista.pdf"))
    assert (other.status_code, len(sent())) == (409, 1)


def test_a_file_that_is_not_of_the_kind_is_refused_in_a_sentence(reply, upload) -> None:
    answer = reply(kind="image", upload=upload(PDF, "lista.pdf"))
    assert answer.status_code == 422
    assert "This file cannot be sent as a message of this kind." in answer.content.decode()
    gone = reply(kind="document", upload=987654)
    assert "There is no such file. Upload it again." in gone.content.decode()
    assert sent() == []


def test_without_a_script_every_file_is_a_message_in_its_place(reply) -> None:
    files = [photo(), SimpleUploadedFile("lista.pdf", PDF, "application/pdf")]
    answer = reply(fragment=False, text="Os dois", file=files)
    assert answer.status_code == 302
    assert sent() == [("image", "Os dois"), ("document", "")]
    ids = Message.objects.filter(direction="out").values_list("client_message_id", flat=True)
    assert len(set(ids)) == 2


def test_words_that_sound_cannot_carry_go_before_it(reply, payloads) -> None:
    content = voice.to_ogg((payloads / "voice" / "chromium.webm").read_bytes())
    sound = SimpleUploadedFile("nota.ogg", content, "audio/ogg")
    assert reply(fragment=False, text="Ouve", file=[sound]).status_code == 302
    assert [kind for kind, _text in sent()] == ["text", "audio"]
    assert sent()[0] == ("text", "Ouve")


def test_a_file_that_cannot_be_sent_keeps_the_words(reply) -> None:
    empty = SimpleUploadedFile("nada.jpg", b"", "image/jpeg")
    answer = reply(fragment=False, text="Assim?", file=[empty])
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "nada.jpg: This file is empty." in page
    assert ">Assim?</textarea>" in page
    assert sent() == []


def test_who_only_reads_keeps_no_file(reply, alice) -> None:
    Membership.objects.update(role=Role.AUDITOR)
    assert reply(fragment=False, file=[photo()]).status_code == 403
    assert not Upload.objects.exists()


def test_a_reaction_stands_and_is_taken_back(reply, alice, shown, open_conversation) -> None:
    target = Message.objects.get(direction="in")
    Message.objects.filter(pk=target.pk).update(provider_id="wamid.carla")
    give = {"kind": "reaction", "reply_to": target.pk}
    content = [json.dumps({"reaction": {"emoji": each}}) for each in ("👍", "")]
    assert reply(client_message_id="r-1", content=content[0], **give).status_code == 201
    assert 'data-ours="👍"' in shown(target)
    assert reply(client_message_id="r-2", content=content[1], **give).status_code == 201
    assert 'class="reactions"' not in shown(target)


def test_a_customers_reaction_is_not_ours(shown, amend, say, conversation) -> None:
    target = say(text="Olá")
    amend(target, "reaction", emoji="❤️")
    assert 'data-ours=""' in shown(target)


def test_the_emoji_that_are_served_are_those_of_the_list() -> None:
    path = Path(django_settings.BASE_DIR) / "static" / "emoji.json"
    assert path.read_text("utf-8") == emoji.as_json(), "run manage.py write_emoji"
    assert path.stat().st_size < 60_000
    every = [each for _group, rows in json.loads(emoji.as_json()) for each, _name in rows]
    assert {"👍", "❤️", "🇵🇹"} <= set(every)


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://www.google.com/maps/place/Loja/@1.5,2.5,17z/data=!3d38.7223!4d-9.1393", True),
        ("https://maps.google.com/?q=38.7223,-9.1393", True),
        ("https://www.google.com/maps/search/?api=1&query=38.7223%2C-9.1393", True),
        ("https://www.openstreetmap.org/?mlat=38.7223&mlon=-9.1393#map=17/1/2", True),
        ("https://maps.apple.com/?ll=38.7223,-9.1393&q=Loja", True),
        ("geo:38.7223,-9.1393?z=17", True),
        (" 38.7223, -9.1393 ", True),
        ("https://maps.app.goo.gl/abc", False),
        ("138.7223, -9.1393", False),
    ],
)
def test_a_link_to_a_map_says_where(link: str, found: bool) -> None:
    assert places.coordinates_in(link) == (("38.7223", "-9.1393") if found else None)
