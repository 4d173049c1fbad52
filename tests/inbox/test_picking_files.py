"""A file for a template's header: chosen in the picker, checked, kept, and sent with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from messaging.models import Media, Membership, Message, Role
from outbound.models import Upload
from tests.inbox.conftest import FRAGMENT
from tests.inbox.templates import agreed, approved
from tests.inbox.test_api import Api
from tests.messaging import samples

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n" + bytes(64)
HEADER = "p.header.image"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def template(connection, carla):
    agreed(carla)
    parts = [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Olá!"}]
    return approved(connection, components=parts)


@pytest.fixture
def address(conversation) -> str:
    return reverse("inbox:conversation-template", args=[conversation.pk])


@pytest.fixture
def fields(template, conversation) -> dict[str, str]:
    seen = {"seen_seq": str(conversation.head_seq)}
    return {"template": str(template.pk), "client_message_id": "p-1", **seen}


@pytest.fixture
def give(alice, client_of):
    """Uploads a file as the picker's script does."""

    def post(content: bytes, name: str, kind: str = "image", by: Any = None) -> Any:
        file = SimpleUploadedFile(name, content)
        return client_of(by or alice).post("/api/v1/uploads/", {"file": file, "kind": kind})

    return post


def picture(name: str = "bolo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, samples.picture(), "image/jpeg")


def test_the_picker_asks_for_a_file_of_the_headers_kind(alice, client_of, address, fields) -> None:
    page = client_of(alice).get(address, fields, **FRAGMENT).content.decode()
    assert f'name="{HEADER}.file" accept="image/jpeg,image/png"' in page
    assert "JPEG, PNG, up to 5.0\xa0MB" in page
    assert 'data-url="/api/v1/uploads/"' in page


def test_a_chosen_file_leaves_with_the_template(alice, client_of, give, address, fields) -> None:
    upload = give(samples.picture(), "bolo.jpg").json()["id"]
    filled = {**fields, f"{HEADER}.upload": str(upload)}
    browser = client_of(alice)
    assert "bolo.jpg" in browser.get(address, filled, **FRAGMENT).content.decode()
    assert browser.post(address, filled, **FRAGMENT).status_code == 200
    [message] = Message.objects.filter(direction="out")
    [header] = message.content["template"]["components"]
    assert header["parameters"] == [{"type": "image", "image": {"upload": upload}}]
    assert message.media.get().filename == "bolo.jpg"
    assert message.media.get().kind == "image"


def test_without_a_script_the_file_comes_with_the_form(alice, client_of, address, fields) -> None:
    answer = client_of(alice).post(address, {**fields, f"{HEADER}.file": picture()})
    assert answer.status_code == 302
    assert Media.objects.get().file == Upload.objects.get().file


def test_a_file_of_another_kind_is_refused_beside_its_field(
    alice, client_of, address, fields
) -> None:
    paper = SimpleUploadedFile("bolo.jpg", PDF, "image/jpeg")
    answer = client_of(alice).post(address, {**fields, f"{HEADER}.file": paper}, **FRAGMENT)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="picker-p-header-image-error" role="alert" data-upload-error>' in page
    assert "JPEG, PNG" in page.partition("data-upload-error>")[2].partition("</p>")[0]
    assert not Upload.objects.exists()
    assert not Message.objects.filter(direction="out").exists()


def test_an_upload_of_another_kind_is_refused_too(alice, client_of, give, address, fields) -> None:
    paper = give(PDF, "conta.pdf", "document").json()["id"]
    filled = {**fields, f"{HEADER}.upload": str(paper)}
    answer = client_of(alice).post(address, filled, **FRAGMENT)
    assert answer.status_code == 422
    assert "message of this kind" in answer.content.decode().partition("data-upload-error>")[2]


def test_nobody_sends_what_another_organisation_uploaded(
    alice, mallory, client_of, give, address, fields
) -> None:
    theirs = give(samples.picture(), "secret.jpg", by=mallory).json()["id"]
    filled = {**fields, f"{HEADER}.upload": str(theirs)}
    browser = client_of(alice)
    assert "secret.jpg" not in browser.get(address, filled, **FRAGMENT).content.decode()
    assert browser.post(address, filled, **FRAGMENT).status_code == 422
    assert not Message.objects.filter(direction="out").exists()


def test_a_number_beyond_all_uploads_is_no_error(alice, client_of, address, fields) -> None:
    filled = {**fields, f"{HEADER}.upload": "9" * 30}
    assert client_of(alice).get(address, filled, **FRAGMENT).status_code == 200
    assert client_of(alice).post(address, filled, **FRAGMENT).status_code == 422


def test_whoever_only_reads_leaves_no_file(alice, client_of, address, fields) -> None:
    Membership.objects.filter(user=alice).update(role=Role.AUDITOR)
    filled = {**fields, f"{HEADER}.file": picture()}
    assert client_of(alice).post(address, filled, **FRAGMENT).status_code == 403
    assert not Upload.objects.exists()


def test_a_program_names_the_upload_and_hears_what_is_wrong(
    alice, give, template, conversation
) -> None:
    def ask(key: str, upload: int) -> Any:
        named = {"name": template.name, "language": template.language}
        given = {**named, "parameters": {"header": {"image": {"upload": upload}}}}
        body = {"conversation": conversation.pk, "client_message_id": key, "template": given}
        return Api(alice.email).post("messages/", body)

    missing = ask("h-1", 999_999)
    assert (missing.status_code, list(missing.json()["errors"])) == (
        422,
        ["template.parameters.header.image"],
    )
    sent = ask("h-2", give(samples.picture(), "bolo.jpg").json()["id"])
    assert sent.status_code == 201
    assert Media.objects.get(message=sent.json()["id"]).filename == "bolo.jpg"


def test_an_address_will_do_as_well(alice, client_of, address, fields) -> None:
    filled = {**fields, HEADER: "https://example.com/bolo.jpg"}
    assert client_of(alice).post(address, filled, **FRAGMENT).status_code == 200
    [message] = Message.objects.filter(direction="out")
    [header] = message.content["template"]["components"]
    assert header["parameters"][0]["image"] == {"link": "https://example.com/bolo.jpg"}
