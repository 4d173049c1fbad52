"""List, conversation and composer: what they show, in how many queries."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.templatetags.static import static
from django.utils import timezone

from inbox.models import ReadMark
from messaging import models
from tests import factories
from tests.inbox.conftest import answered, asked

pytestmark = pytest.mark.django_db

FRAGMENT = {"HTTP_HX_REQUEST": "true"}
# Session, user, membership, number of memberships, alerts; then what the sidebar offers and its
# counts. The list: head, rows, identities, labels, drafts, colleagues. An open conversation:
# itself, identities, labels, messages with their files and amendments, the read mark, who may be
# the same person, drafts and the profile, the lease, mentions, and what the menus offer.
FRAME, LIST, THREAD = 5 + 5, 6, 16


def fill(channel, count: int) -> None:
    for number in range(count):
        contact = factories.ContactFactory(organization=channel.organization)
        factories.ContactIdentityFactory(contact=contact)
        conversation = factories.ConversationFactory(channel=channel, contact=contact)
        asked(conversation, f"Olá {number}", hours_ago=1 + number)


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_takes_a_fixed_number_of_queries(
    count, channel, alice, client_of, django_assert_num_queries
) -> None:
    fill(channel, count)
    browser = client_of(alice)
    with django_assert_num_queries(FRAME + LIST):
        page = browser.get("/").content.decode()
    assert page.count('id="conversation-') == count


@pytest.mark.parametrize("count", [1, 45])
def test_a_conversation_takes_a_fixed_number_of_queries(
    count, open_conversation, alice, bob, client_of, django_assert_num_queries
) -> None:
    for number in range(count):
        answered(open_conversation, bob, f"Resposta {number}")
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    with django_assert_num_queries(FRAME + LIST + THREAD):
        page = browser.get(address).content.decode()
    assert page.count("data-message data-direction") == count + 1
    with django_assert_num_queries(3 + THREAD):
        browser.get(address, **FRAGMENT)
    with django_assert_num_queries(3 + 6):
        browser.get(f"{address}messages/?after=0", **FRAGMENT)


@pytest.mark.parametrize("count", [1, 15])
def test_rich_messages_take_a_fixed_number_of_queries(
    count, open_conversation, alice, client_of, django_assert_num_queries
) -> None:
    rich = [factories.rich_message(open_conversation) for _ in range(count)]
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    # Who reacted, and the ids of those who reacted and of those who wrote, as in a group.
    people = 3
    with django_assert_num_queries(3 + THREAD + people):
        page = browser.get(address, **FRAGMENT).content.decode()
    assert page.count("data-ours") == page.count("data-lightbox") == len(rich)
    api = f"/api/v1{address}messages/?limit=200"
    with django_assert_num_queries(3 + 5 + people):
        assert len(browser.get(api).json()["results"]) == count + 1


def test_page_and_fragment_are_one_address(open_conversation, alice, client_of) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    page, fragment = browser.get(address), browser.get(address, **FRAGMENT)
    assert b"<html" in page.content
    assert b"<html" not in fragment.content
    assert b'id="thread"' in fragment.content
    assert "HX-Request" in page.headers["Vary"]
    restored = browser.get(address, **FRAGMENT, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert b"<html" in restored.content


def test_rows_come_in_pages_without_gaps(channel, alice, client_of) -> None:
    fill(channel, 40)
    browser = client_of(alice)
    first = browser.get("/").content.decode()
    older = re.search(r"before=([\w-]+)", first)
    second = browser.get(f"/?before={older[1]}", **FRAGMENT).content.decode()
    shown = [re.findall(r'id="conversation-(\d+)"', page) for page in (first, second)]
    assert (len(shown[0]), len(shown[1]), len({*shown[0], *shown[1]})) == (30, 10, 40)
    assert browser.get("/?before=nonsense").status_code == 404


def test_older_messages_come_in_pages_without_gaps(open_conversation, alice, client_of) -> None:
    for _ in range(60):
        answered(open_conversation, alice, "…")
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    first = browser.get(address).content.decode()
    before = re.search(r'data-before="([\w-]+)"', first)[1]
    second = browser.get(f"{address}messages/?before={before}", **FRAGMENT).content.decode()
    shown = [re.findall(r'id="message-(\d+)"', page) for page in (first, second)]
    assert (len(shown[0]), len(shown[1]), len({*shown[0], *shown[1]})) == (50, 11, 61)


def test_text_is_escaped_and_links_are_safe(conversation, alice, client_of) -> None:
    asked(
        conversation, '<img src=x onerror=alert(1)> https://a.example/?q="<b> javascript:alert(1)'
    )
    page = client_of(alice).get(f"/conversations/{conversation.pk}/").content.decode()
    assert "<img src" not in page
    assert 'href="https://a.example/' in page
    assert 'href="javascript' not in page
    assert 'rel="noopener noreferrer nofollow"' in page


def test_a_failure_says_what_to_do(open_conversation, alice, client_of) -> None:
    failed = answered(open_conversation, alice, "Olá")
    models.Message.objects.filter(pk=failed.pk).update(status="failed", error_code="131026")
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "not on WhatsApp" in page
    assert f'id="message-{failed.pk}"' in page
    assert 'data-status="failed"' in page


def test_unread_is_each_agents_own(open_conversation, alice, bob, client_of) -> None:
    browser = client_of(alice)
    assert "data-unread" in browser.get("/?view=all").content.decode()
    answer = browser.post(f"/conversations/{open_conversation.pk}/read/", {"seq": "1"})
    assert answer.json() == {"id": open_conversation.pk, "read": 1, "seq": 1}
    assert " data-unread>" not in browser.get("/").content.decode()
    assert ReadMark.objects.filter(user=bob).count() == 0
    assert "data-unread" in client_of(bob).get("/").content.decode()


def test_reading_never_goes_backwards_nor_ahead(open_conversation, alice, client_of) -> None:
    asked(open_conversation, "E amanhã?")
    address = f"/conversations/{open_conversation.pk}/read/"
    browser = client_of(alice)
    assert browser.post(address, {"seq": "99"}).json()["seq"] == 2
    assert browser.post(address, {"seq": "1"}).json()["read"] == 2
    assert browser.post(address, {"seq": "x"}).status_code == 422


def test_the_unread_line_stands_before_what_is_new(open_conversation, alice, client_of) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    browser.post(f"{address}read/", {"seq": "1"})
    new = asked(open_conversation, "E amanhã?", hours_ago=0.5).last_message
    page = browser.get(address).content.decode()
    line = page.index("1 new since you looked")
    assert page.index(f'id="message-{new.pk}"') > line > page.index("Queria encomendar")


def test_without_scripts_a_reply_is_a_post_and_a_redirect(
    open_conversation, alice, client_of
) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    fields = {"text": "Sim!\r\nAté já", "client_message_id": "n1", "seen_seq": "1"}
    answer = browser.post(f"{address}reply/", fields)
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert open_conversation.messages.get(direction="out").text == "Sim!\nAté já"


def test_a_refused_reply_keeps_every_word(open_conversation, alice, bob, client_of) -> None:
    answered(open_conversation, bob, "Já respondi.")
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/reply/"
    fields = {"text": "As minhas palavras", "client_message_id": "n1", "seen_seq": "1"}
    page = browser.post(address, fields)
    assert page.status_code == 409
    assert "As minhas palavras</textarea>" in page.content.decode()
    assert "Já respondi." in page.content.decode()
    fragment = browser.post(address, fields, **FRAGMENT)
    assert fragment.status_code == 409
    assert 'class="guard"' in fragment.content.decode()
    sent = browser.post(address, {**fields, "override": "unseen"}, **FRAGMENT)
    assert sent.status_code == 201
    assert 'data-client="n1"' in sent.content.decode()


def test_a_closed_window_says_why(conversation, alice, client_of) -> None:
    asked(conversation, "Olá", hours_ago=30)
    browser, address = client_of(alice), f"/conversations/{conversation.pk}/"
    assert "disabled" in browser.get(address).content.decode()
    answer = browser.post(f"{address}reply/", {"text": "x", "client_message_id": "c"}, **FRAGMENT)
    assert answer.status_code == 422
    assert "24-hour window" in answer.content.decode()


def test_pulls_bring_what_changed(open_conversation, alice, client_of) -> None:
    address = f"/conversations/{open_conversation.pk}/messages/"
    browser = client_of(alice)
    assert 'data-head="1"' in browser.get(f"{address}?after=0").content.decode()
    assert "<article" not in browser.get(f"{address}?after=1").content.decode()
    assert browser.get(f"{address}?after=x").status_code == 404


def test_pages_carry_nothing_inline(open_conversation, alice, client_of) -> None:
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/")
    html = page.content.decode()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_days_and_joins(conversation, alice, client_of) -> None:
    at = timezone.now().replace(hour=12, minute=0) - timedelta(days=3)
    for seconds in (0, 30, 3600):
        factories.MessageFactory(
            conversation=conversation, received_at=at + timedelta(seconds=seconds)
        )
    page = client_of(alice).get(f"/conversations/{conversation.pk}/").content.decode()
    assert page.count('class="day"') == 1
    assert len(re.findall(r"data-joined", page)) == 1


def test_a_browser_that_asks_for_an_icon_gets_one(client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, static("favicon.svg"))
