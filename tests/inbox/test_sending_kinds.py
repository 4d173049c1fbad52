"""Everything but plain text, through `POST messages/`: its shape, its checks, its repetition."""

from __future__ import annotations

import json

import pytest

from messaging.models import Message
from outbound.models import OutboxEntry
from tests.inbox.test_api import Api, draft

pytestmark = pytest.mark.django_db

PLACE = {"latitude": 38.7139, "longitude": -9.1394, "name": "Largo do Carmo"}
BUTTONS = {
    "type": "button",
    "header": {"type": "text", "text": "Encomenda 1042"},
    "body": {"text": "Está bem assim?"},
    "footer": {"text": "Padaria Amendoeira"},
    "action": {
        "buttons": [
            {"type": "reply", "reply": {"id": "yes", "title": "Está"}},
            {"type": "reply", "reply": {"id": "no", "title": "Não está"}},
        ]
    },
}


@pytest.fixture
def api(alice) -> Api:
    return Api("alice@example.com")


@pytest.fixture
def post(api, open_conversation):
    """Send something into the open conversation."""

    def send(kind: str, text: str = "", **fields: object):
        body = draft(open_conversation, kind=kind, text=text, **fields)
        return api.post("messages/", body)

    return send


@pytest.mark.parametrize("content", [{"location": PLACE}, PLACE])
def test_content_is_the_object_by_its_name_or_alone(post, content) -> None:
    answer = post("location", content=content)
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["kind"], answer.json()["text"]) == ("location", "")
    assert answer.json()["content"] == {"location": PLACE}
    assert OutboxEntry.objects.get().message_id == answer.json()["id"]


def test_contacts_are_a_list(post) -> None:
    card = {"name": {"formatted_name": "Matilde Sá", "first_name": "Matilde"}}
    answer = post("contacts", content=[card])
    assert answer.json()["content"] == {"contacts": [card]}


def test_the_words_of_a_message_with_buttons_are_its_body(post) -> None:
    answer = post("interactive", content=BUTTONS)
    assert answer.status_code == 201
    assert answer.json()["text"] == "Está bem assim?"
    assert answer.json()["content"] == {"interactive": BUTTONS}


@pytest.mark.parametrize(
    ("kind", "content", "path"),
    [
        ("location", {"latitude": 91, "longitude": 0}, "content.location.latitude"),
        ("location", {"location": {"latitude": 1}}, "content.location.longitude"),
        ("location", 5, "content.location"),
        ("contacts", {"contacts": []}, "content.contacts"),
        ("interactive", {**BUTTONS, "action": {}}, "content.interactive.action.buttons"),
        ("text", {"text": {"preview_url": 1}}, "content.text.preview_url"),
        ("image", {"image": {"colour": "red"}}, "content.image.colour"),
        ("poll", {"poll": {}}, "kind"),
        ("", {}, "kind"),
    ],
)
def test_what_the_platform_would_refuse_is_named_by_its_path(post, kind, content, path) -> None:
    answer = post(kind, "Olá" if kind == "text" else "", content=content)
    assert answer.status_code == 422
    assert path in answer.json()["errors"]
    assert all(isinstance(told, list) for told in answer.json()["errors"].values())
    assert not OutboxEntry.objects.exists()


def test_text_that_a_kind_cannot_carry_is_not_dropped_in_silence(post) -> None:
    answer = post("location", "Aqui", content=PLACE)
    assert list(answer.json()["errors"]) == ["text"]


def test_no_preview_where_none_is_wanted(post) -> None:
    content = {"text": {"body": "https://example.com", "preview_url": False}}
    message = post("text", content=content).json()
    assert message["text"] == "https://example.com"
    assert message["content"] == {"text": {"preview_url": False}}


def test_nul_and_half_characters_are_cleaned_away(post) -> None:
    answer = post("location", content={**PLACE, "name": "Lar\0go \ud83d"})
    assert answer.json()["content"]["location"]["name"] == "Largo "
    assert Message.objects.get(pk=answer.json()["id"]).content["location"]["name"] == "Largo "


@pytest.mark.parametrize("depth", [200, 700, 100_000])
def test_a_content_without_bottom_is_refused(api, open_conversation, depth) -> None:
    body = json.dumps(draft(open_conversation, kind="location", text="", content="HERE"))
    deep = "[" * depth + "]" * depth
    answer = api.client.post(
        "/api/v1/messages/",
        body.replace('"HERE"', deep),
        content_type="application/json",
        headers=api.headers,
    )
    assert answer.status_code in {400, 422}


def test_the_same_again_is_the_first_answer(post) -> None:
    first = post("location", content=PLACE)
    again = post("location", content={"location": PLACE})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert OutboxEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "content"),
    [("location", {**PLACE, "name": "Rossio"}), ("text", None), ("interactive", BUTTONS)],
)
def test_the_same_id_with_another_content_is_reused(post, kind, content) -> None:
    post("location", content=PLACE)
    answer = post(kind, "Olá" if kind == "text" else "", content=content)
    assert (answer.status_code, answer.json()) == (409, {"code": "id_reused"})


def test_the_timeline_shows_places_cards_and_buttons_of_ours(post, shown) -> None:
    place = post("location", content=PLACE).json()["id"]
    card = {"name": {"formatted_name": "Matilde Sá", "first_name": "Matilde"}}
    person = post("contacts", content=[card], client_message_id="m-2").json()["id"]
    asked = post("interactive", content=BUTTONS, client_message_id="m-3").json()["id"]
    place, person, asked = (Message.objects.get(pk=pk) for pk in (place, person, asked))
    assert "Largo do Carmo" in shown(place)
    assert "Matilde Sá" in shown(person)
    bubble = shown(asked)
    for words in ("Encomenda 1042", "Está bem assim?", "Padaria Amendoeira", "Não está"):
        assert words in bubble
    assert "data-unknown" not in bubble


@pytest.mark.parametrize(
    ("kind", "content", "preview"),
    [
        ("location", PLACE, "Location: Largo do Carmo"),
        ("interactive", BUTTONS, "Está bem assim?"),
    ],
)
def test_the_list_tells_what_was_sent(post, listed, kind, content, preview) -> None:
    post(kind, content=content)
    assert preview in listed()


def test_the_schema_knows_content_and_template(api) -> None:
    schemas = api.get("schema/").json()["components"]["schemas"]
    fields = schemas["ReplyInput"]["properties"]
    assert {"content", "template", "kind", "reply_to"} <= set(fields)
