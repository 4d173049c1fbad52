"""What was said is found by its words, captions and file names; people by name and number."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from inbox import queries, searching
from messaging import models
from tests import factories
from tests.inbox.test_screens import FRAGMENT

pytestmark = pytest.mark.django_db
API = "/api/v1/messages/search/"


def membership(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=user)


@pytest.fixture
def said(open_conversation) -> dict[str, models.Message]:
    """A photo with a caption, a paper with a name, and words."""
    document = {"document": {"filename": "fatura-2024_final.pdf", "id": "1"}}
    make = factories.MessageFactory
    return {
        "caption": make(conversation=open_conversation, kind="image", text="O pudim de noz"),
        "file": make(conversation=open_conversation, kind="document", text="", content=document),
        "words": make(conversation=open_conversation, text="Não quero nozes, só morango"),
    }


CASES = [
    ("pudim", ["caption"]),
    ("PUDIM noz", ["caption"]),
    ("fatura", ["file"]),
    ("fatura-2024_final.pdf", ["file"]),
    ('"só morango"', ["words"]),
    ('"morango só"', []),
    ("pudim or morango", ["words", "caption"]),
    ("quero -morango", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_words_captions_and_file_names_are_found(text, expected, said, alice) -> None:
    found = queries.search_messages(membership(alice), text)
    assert [message.pk for message in found] == [said[name].pk for name in expected]


def test_the_index_serves_the_search(said, open_conversation, alice) -> None:
    factories.MessageFactory.create_batch(300, conversation=open_conversation)
    rows = queries.search_messages(membership(alice), "pudim").order_by()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message, messaging_conversation")
        # So few rows are found quicker without it.
        for way in ("seqscan", "nestloop", "indexscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = rows.explain()
    assert "Bitmap Index Scan on message_search" in plan


def test_a_rare_word_is_sorted_and_a_frequent_one_walked_to_the_same_end(
    open_conversation, alice, monkeypatch
) -> None:
    monkeypatch.setattr(queries, "RARE", 100)
    factories.MessageFactory.create_batch(200, conversation=open_conversation, text="pastel")
    factories.MessageFactory.create_batch(5, conversation=open_conversation, text="pastel raro")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messaging_message")
    place = membership(alice)
    assert queries.is_rare(place, "raro")
    assert not queries.is_rare(place, "pastel")
    assert not queries.is_rare(place, "")
    rows, parts = queries.search_messages(place, "raro"), models.Message.objects.all()
    ways = [queries.page_of_found(rows, parts, is_rare=way, limit=3) for way in (True, False)]
    assert ways[0] == ways[1]
    assert [row.pk for row in ways[0].rows] == list(rows.values_list("pk", flat=True)[:3])


def test_the_screen_marks_what_was_found(said, alice, client_of) -> None:
    browser = client_of(alice)
    page, fragment = (
        browser.get("/search/", {"q": "pudim"}, **headers).content.decode()
        for headers in ({}, FRAGMENT)
    )
    assert "O <mark>pudim</mark> de noz" in page
    assert "<html" in page
    assert "<html" not in fragment
    assert 'id="list"' in fragment
    assert f"#message-{said['caption'].pk}" in page


def test_a_hit_opens_where_it_was_said(said, open_conversation, alice, client_of) -> None:
    factories.MessageFactory.create_batch(70, conversation=open_conversation)
    browser = client_of(alice)
    page = browser.get("/search/", {"q": "pudim"}).content.decode()
    address = re.search(r'href="(/conversations/[^"#]+)#message', page)[1]
    shown = browser.get(address).content.decode()
    assert str(said["caption"].pk) in re.findall(r'id="message-(\d+)"', shown)


def test_what_customers_write_stays_text(open_conversation, alice, client_of) -> None:
    text = "\x02<img src=x onerror=alert(1)>\x03 perigo \x03<b>\x02"
    factories.MessageFactory(conversation=open_conversation, text=text)
    page = client_of(alice).get("/search/", {"q": "perigo"}).content.decode()
    assert "<img src=x" not in page
    assert "<b>\x02" not in page
    assert "<mark>perigo</mark>" in page
    typed = client_of(alice).get("/search/", {"q": '"><script>x</script>'}).content.decode()
    assert "<script>x" not in typed


def test_marks_are_always_pairs() -> None:
    assert searching.marked("\x03a\x02b\x02c\x03<\x03") == "ab<mark>c</mark>&lt;"


def test_pages_of_hits_leave_nothing_out(open_conversation, alice, client_of, monkeypatch) -> None:
    monkeypatch.setattr(searching, "PAGE", 3)
    at = open_conversation.last_message.sort_at
    factories.MessageFactory.create_batch(
        7, conversation=open_conversation, text="pastel", received_at=at
    )
    browser, seen, address = client_of(alice), [], "/search/?q=pastel"
    while address:
        page = browser.get(address, **FRAGMENT).content.decode()
        seen += re.findall(r'id="hit-(\d+)"', page)
        older = re.search(r'href="(/search/[^"]+before=[^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen)) == 7
    assert browser.get("/search/?q=pastel&before=x").status_code == 404


def test_people_are_found_beside_messages(said, alice, client_of) -> None:
    page = client_of(alice).get("/search/", {"q": "910 000 042"}).content.decode()
    assert "Carla Mendonça" in page
    assert "+351 910 000 042" in page


@pytest.mark.parametrize("text", ["", "   ", "\0", "nichts davon", "'", '"', "&|!():*<>"])
def test_nothing_found_is_said(text, said, alice, client_of) -> None:
    answer = client_of(alice).get("/search/", {"q": text})
    assert answer.status_code == 200
    assert 'class="search-hit"' not in answer.content.decode()


def test_others_search_in_vain(said, mallory, client_of) -> None:
    browser = client_of(mallory)
    page = browser.get("/search/", {"q": "pudim"}).content.decode()
    assert "Nothing found" in page
    assert browser.get(API, {"q": "pudim"}).json()["results"] == []
    assert browser.get("/api/v1/conversations/", {"q": "pudim"}).json()["results"] == []


def test_channels_narrow_what_is_found(said, channel, bob) -> None:
    place = membership(bob)
    place.sees_all_channels = False
    place.save()
    assert not queries.search_messages(place, "pudim").exists()
    place.channels.add(channel)
    assert queries.search_messages(place, "pudim").exists()


@pytest.mark.parametrize("address", [API, API.removesuffix("/")])
def test_the_api_finds_messages(address, said, alice, client_of) -> None:
    browser = client_of(alice)
    first = browser.get(address, {"q": "pudim or morango", "limit": 1}).json()
    assert [message["id"] for message in first["results"]] == [said["words"].pk]
    rest = browser.get(first["next"]).json()
    assert [message["id"] for message in rest["results"]] == [said["caption"].pk]
    assert rest["next"] is None
    assert browser.get(address).status_code == 422
    assert browser.get(address, {"q": "x", "before": "x"}).status_code == 422


@pytest.mark.parametrize("text", ["pudim", "carla", "910000042"])
def test_the_api_finds_conversations(text, said, open_conversation, channel, alice, client_of):
    factories.ConversationFactory(channel=channel)
    found = client_of(alice).get("/api/v1/conversations/", {"q": text}).json()["results"]
    assert [row["id"] for row in found] == [open_conversation.pk]
