"""What opening a conversation, catching up and holding it cost: statements, and what is drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone
from knox.models import AuthToken

from inbox import bubbles, timeline_pages
from inbox.templatetags import timeline as tags
from tests import factories
from tests.inbox.test_api import Api

pytestmark = pytest.mark.django_db
FRAGMENT = {"headers": {"HX-Request": "true"}}
SIGNED_IN, FOUND = 3, 3  # session, user, membership; conversation, ids, labels
STRETCH = 3  # messages, files, amendments


@pytest.fixture
def address(open_conversation) -> str:
    for _ in range(12):
        factories.MessageFactory(conversation=open_conversation)
    open_conversation.refresh_from_db()
    return f"/conversations/{open_conversation.pk}/messages/"


def test_a_pull_takes_the_same_statements_however_much_it_brings(
    address, alice, client_of, django_assert_num_queries
) -> None:
    browser = client_of(alice)
    for after in ("0", "8"):
        with django_assert_num_queries(SIGNED_IN + FOUND + STRETCH):
            browser.get(f"{address}?after={after}", **FRAGMENT)


def test_what_was_missed_beyond_a_page_costs_two_more(
    address, alice, client_of, monkeypatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 5)
    monkeypatch.setattr(timeline_pages, "PAGE", 4)
    browser = client_of(alice)
    with django_assert_num_queries(SIGNED_IN + FOUND + 2 + STRETCH):  # is it more? how many?
        page = browser.get(f"{address}?after=1", **FRAGMENT).content.decode()
    assert page.count("<article") == 4
    assert "data-born=" in page


def test_the_programs_own_pages_leave_nothing_out(
    open_conversation, address, alice, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 5)
    answer = Api("alice@example.com").get(f"{address.strip('/')}?after=0&limit=200").json()
    assert len(answer["results"]) == open_conversation.messages.count()


def test_a_program_holds_a_conversation_with_four_statements(
    open_conversation, alice, django_assert_num_queries
) -> None:
    api = Api("alice@example.com")
    for _ in range(3):
        Api("alice@example.com")  # other tokens of hers play no part
    body: dict[str, int] = {}
    for action in ("lock", "heartbeat", "unlock"):
        with django_assert_num_queries(4):  # token, membership, conversation; the lease
            answer = api.post(f"conversations/{open_conversation.pk}/{action}", body)
        assert answer.status_code == 200
        body = answer.json()


def test_a_token_that_ran_out_opens_nothing_and_goes_with_the_next_one(alice) -> None:
    api = Api("alice@example.com")
    over = timezone.now() - timedelta(seconds=1)
    AuthToken.objects.filter(user=alice).update(expiry=over)
    assert api.get("conversations/").status_code == 401
    assert Api("alice@example.com").get("conversations/").status_code == 200
    assert not AuthToken.objects.filter(expiry__lte=over).exists()


def test_the_tools_of_all_messages_are_drawn_once(address, alice, client_of, monkeypatch) -> None:
    drawn = []

    def draw(name: str, context: dict[str, object]) -> str:
        drawn.append(name)
        return render_to_string(name, context)

    monkeypatch.setattr(tags, "render_to_string", draw)
    tags._tools.cache_clear()
    page = client_of(alice).get(f"{address}?after=0", **FRAGMENT).content.decode()
    assert len(drawn) == 1
    assert page.count("data-message-menu") == page.count("<article")
    assert str(tags.ANY_MESSAGE) not in page
    assert str(tags.ANY_HOME) not in page


def test_what_is_more_than_words_is_not_plain(open_conversation, alice) -> None:
    reader = bubbles.Reader(user=alice, contact_name="Carla")
    plain = {"conversation": open_conversation, "kind": "text", "text": "Olá"}
    now = timezone.now()
    rich = (
        {"kind": "image", "text": ""},
        {"deleted_at": now},
        {"edited_at": now},
        {"arrived_late": True},
        {"is_placeholder": True},
        {"content": {"context": {"forwarded": True}}},
        {"reply_to_provider_id": "wamid.gone"},
    )
    assert bubbles.bubble_of(factories.MessageFactory(**plain), reader).is_plain
    for change in rich:
        message = factories.MessageFactory(**{**plain, **change})
        assert not bubbles.bubble_of(message, reader).is_plain, change
