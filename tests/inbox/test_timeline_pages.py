"""Stretches of a timeline: newest, above, below, around a message, at a date."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import ReadMark
from messaging import merging, models
from tests import factories
from tests.inbox.conftest import FRAGMENT, asked

pytestmark = pytest.mark.django_db


def ids(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="message-(\d+)"', page)]


@pytest.fixture
def long(conversation) -> models.Conversation:
    """Two hundred messages, ten to a day, the last one now."""
    now = timezone.now()
    for number in range(200):
        at = now - timedelta(hours=2.4 * (199 - number))
        factories.MessageFactory(conversation=conversation, received_at=at, text=f"No {number}")
    models.Conversation.objects.filter(pk=conversation.pk).update(inbound_count=200)
    conversation.refresh_from_db()
    return conversation


@pytest.fixture
def get(long, alice, client_of):
    """A page of the timeline, as a fragment or (`whole`) with everything around it."""

    def fetch(query: str = "", *, whole: bool = False) -> str:
        address = f"/conversations/{long.pk}/" + ("" if whole else "messages/")
        answer = client_of(alice).get(f"{address}?{query}", **FRAGMENT)
        return str(answer.content.decode()) if answer.status_code == 200 else ""

    return fetch


def all_ids() -> list[int]:
    return list(models.Message.objects.order_by("sort_at", "pk").values_list("pk", flat=True))


def test_pages_below_a_cursor_lead_to_the_newest(get) -> None:
    page = get("at=2001-01-01")
    seen = ids(page)
    while found := re.search(r'data-from="([\w-]+)"', page):
        page = get(f"from={found[1]}")
        seen += ids(page)
    assert seen == all_ids()


def test_a_message_is_shown_with_its_neighbours_and_marked(get) -> None:
    middle = all_ids()[100]
    page = get(f"message={middle}", whole=True)
    assert ids(page) == all_ids()[75:125]
    assert re.search(rf'id="message-{middle}"[^>]* data-found>', page)
    assert page.count(" data-found>") == 1
    assert ">Later messages</a>" in page
    assert ">Earlier messages</a>" in page
    assert re.search(r'<a class="newer"[^>]*(?<! hidden)>', page)


def test_a_date_shows_what_was_said_from_then_on(get) -> None:
    rows = models.Message.objects.order_by("sort_at")
    day = timezone.localdate(rows[120].sort_at)
    expected = next(row.pk for row in rows if timezone.localdate(row.sort_at) == day)
    assert f'data-found="{expected}"' in get(f"at={day}")
    moment = rows[60].sort_at.isoformat().replace("+", "%2B")
    assert f'data-found="{rows[60].pk}"' in get(f"at={moment}")


@pytest.mark.parametrize(
    "query", ["message=x", "message=999999", "at=yesterday", "at=2026-13-45", "at=0001-01-01"]
)
def test_a_place_that_is_none_is_the_newest_page(query, get) -> None:
    assert ids(get(query, whole=True)) == all_ids()[-50:]


@pytest.mark.parametrize("query", ["before=x", "from=x", "from=%00"])
def test_a_cursor_that_is_none_is_not_found(query, get) -> None:
    assert get(query) == get(query, whole=True) == ""


def test_another_conversations_message_opens_nothing_here(get, channel) -> None:
    other = asked(factories.ConversationFactory(channel=channel), "Alheio")
    page = get(f"message={other.last_message_id}", whole=True)
    assert " data-found>" not in page
    assert other.last_message_id not in ids(page)


def test_many_unread_messages_open_at_the_first_of_them(get, long, alice) -> None:
    first = models.Message.objects.get(text="No 80")
    ReadMark.objects.create(user=alice, conversation=long, seq=first.seq - 1, inbound_count=80)
    page = get(whole=True)
    assert re.search(rf'class="unread-line".*?id="message-{first.pk}"', page, re.DOTALL)
    assert "120 new since you looked" in page
    assert f'name="seen_seq" value="{long.head_seq}"' not in page


def test_few_unread_messages_open_at_the_newest(get, long, alice) -> None:
    ReadMark.objects.create(user=alice, conversation=long, seq=195, inbound_count=195)
    page = get(whole=True)
    assert ids(page) == all_ids()[-50:]
    assert "5 new since you looked" in page


def test_an_older_stretch_has_not_seen_the_newest(get, long) -> None:
    message = models.Message.objects.get(text="No 100")
    page = get(f"message={message.pk}", whole=True)
    [seen] = set(re.findall(r'name="seen_seq" value="(\d+)"', page))
    assert int(seen) == models.Message.objects.get(text="No 124").seq


def test_stretches_of_merged_contacts_leave_nothing_out(
    long, channel, organization, alice, client_of
) -> None:
    part = factories.ContactFactory(organization=organization)
    earlier = factories.ConversationFactory(channel=channel, contact=part)
    for row in models.Message.objects.filter(conversation=long).order_by("pk")[::3]:
        factories.MessageFactory(conversation=earlier, received_at=row.sort_at)
    merging.merge_now(part.pk, long.contact_id, reason="x")
    browser, page, seen = client_of(alice), "", []
    query = "at=2001-01-01"
    while query:
        address = f"/conversations/{long.pk}/messages/?{query}"
        page = browser.get(address, **FRAGMENT).content.decode()
        seen += ids(page)
        found = re.search(r'data-from="([\w-]+)"', page)
        query = f"from={found[1]}" if found else ""
    assert seen == all_ids()


def test_a_note_names_its_colleagues_and_stays_harmless(say, shown) -> None:
    note = say(
        "note",
        text="@Bob <b>see</b> https://example.com @Bobby",
        direction="internal",
        content={"mentions": [{"id": 1, "name": "Bob"}, {"id": 2, "name": "Bobby"}, "x"]},
    )
    html = shown(note)
    assert re.findall(r'<span class="mention">(.*?)</span>', html) == ["@Bob", "@Bobby"]
    assert "&lt;b&gt;see&lt;/b&gt;" in html
    assert 'rel="noopener noreferrer nofollow" href="https://example.com"' in html
