"""Locations, buttons and lists: filled in beside a preview, checked field by field, sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from messaging.models import Message
from tests.inbox.conftest import FRAGMENT, answered

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(alice, client_of, open_conversation):
    """Alice opens a form, or sends it."""

    def ask(what: str, *, send: bool = False, headers: Any = FRAGMENT, **fields: str):
        address = reverse("inbox:conversation-compose", args=[open_conversation.pk, what])
        browser = client_of(alice)
        if not send:
            return browser.get(address, fields, **headers)
        seen = {"client_message_id": "c-1", "seen_seq": str(open_conversation.head_seq)}
        return browser.post(address, {**seen, **fields}, **headers)

    return ask


def last() -> Message:
    return Message.objects.filter(direction="out").order_by("-seq")[0]


def test_buttons_leave_as_whatsapp_wants_them(form) -> None:
    answer = form("choices", send=True, body="Como prefere?", title_0="Na loja", title_2="Em casa")
    assert (answer.status_code, answer["HX-Trigger"]) == (200, "picker:sent")
    given = last().content["interactive"]
    titles = [each["reply"]["title"] for each in given["action"]["buttons"]]
    assert (last().kind, last().text, given["type"]) == ("interactive", "Como prefere?", "button")
    assert titles == ["Na loja", "Em casa"]


def test_what_is_wrong_stands_beside_its_field(form) -> None:
    long = "Um botão que é comprido demais"
    answer = form("choices", send=True, body="", title_0="Sim", title_1="Sim", title_2=long)
    page = answer.content.decode()
    assert answer.status_code == 422
    for name in ("body", "title_1", "title_2"):
        assert f'id="compose-{name}-error"' in page
    assert 'id="compose-title_0-error"' not in page
    assert f'value="{long}"' in page
    assert not Message.objects.filter(direction="out").exists()


def test_rows_come_into_the_sections_that_they_begin(form) -> None:
    rows = {"title_0": "Pão", "section_0": "Salgado", "title_1": "Broa", "about_1": "de milho"}
    rows |= {"title_3": "Bolo", "section_3": "Doce"}
    assert form("choices", send=True, shape="list", count="4", body="?", **rows).status_code == 422
    sent = form("choices", send=True, shape="list", count="4", body="?", opener="Ver", **rows)
    assert sent.status_code == 200
    action = last().content["interactive"]["action"]
    found = [(each["title"], [row["title"] for row in each["rows"]]) for each in action["sections"]]
    assert found == [("Salgado", ["Pão", "Broa"]), ("Doce", ["Bolo"])]
    assert action["sections"][0]["rows"][1]["description"] == "de milho"


def test_a_list_grows_to_ten_rows(form) -> None:
    page = form("choices", shape="list", count="9", more="1").content.decode()
    assert 'name="title_9"' in page
    assert 'name="more"' not in page
    assert 'name="title_3"' not in form("choices", shape="list").content.decode()


def test_a_location_is_read_from_a_link_and_seen_before_it_leaves(form) -> None:
    link = "https://www.google.com/maps/place/Padaria+Sol/@38.7,-9.1,17z"
    page = form("location", link=link).content.decode()
    assert 'value="38.7"' in page
    assert 'value="Padaria Sol"' in page
    assert "38.70000, -9.10000" in page
    assert form("location", send=True, latitude="38,7", longitude="-9.1").status_code == 200
    assert last().content == {"location": {"latitude": "38.7", "longitude": "-9.1"}}


def test_a_place_that_is_not_on_earth_is_refused_beside_its_field(form) -> None:
    page = form("location", send=True, latitude="98", longitude="north").content.decode()
    assert "This must lie between -90 and 90." in page
    assert 'id="compose-longitude-error"' in page
    assert not Message.objects.filter(direction="out").exists()


def test_what_arrived_meanwhile_is_said_first(form, open_conversation, bob) -> None:
    answered(open_conversation, bob, "Já respondi")
    refused = form("choices", send=True, seen_seq="1", body="?", title_0="Sim")
    assert refused.status_code == 409
    assert "Not sent: 1 message arrived meanwhile." in refused.content.decode()
    assert 'value="Sim"' in refused.content.decode()


def test_without_a_script_the_form_is_a_page(form, open_conversation) -> None:
    page = form("reaction", headers={}, message="1").content.decode()
    assert "<!doctype html>" in page
    assert 'name="emoji" value="👍"' in page
    sent = form("choices", send=True, headers={}, body="?", title_0="Sim")
    assert sent.status_code == 302
    assert sent["Location"] == reverse("inbox:conversation", args=[open_conversation.pk])
    assert form("poll", headers={}).status_code == 404
