"""Contacts that were merged: one row, one timeline, one place to answer from."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from inbox import access, coalescer, queries, replies, sidebar, unions
from inbox.models import ReadMark
from messaging import merging, models
from tests import factories
from tests.inbox.conftest import answered, asked
from tests.inbox.test_coalescer import ticket
from tests.inbox.test_screens import FRAGMENT

pytestmark = pytest.mark.django_db


def membership(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=user)


@pytest.fixture
def earlier(channel, organization) -> models.Conversation:
    """What Carla wrote under a new id, before anybody knew that it was she."""
    contact = factories.ContactFactory(organization=organization, name="")
    factories.ContactIdentityFactory(contact=contact, kind="bsuid", value="PT.1")
    conversation = factories.ConversationFactory(channel=channel, contact=contact)
    return asked(conversation, "Sou eu, com outro telefone", hours_ago=3)


@pytest.fixture
def merge(earlier, open_conversation) -> models.ContactMerge:
    """Carla's new id is hers: `earlier` goes on in `open_conversation`."""
    journal = merging.merge_now(earlier.contact_id, open_conversation.contact_id, reason="x")
    assert journal is not None
    earlier.refresh_from_db()
    open_conversation.refresh_from_db()
    return journal


def rows_of(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="conversation-(\d+)"', page)]


def messages_of(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="message-(\d+)"', page)]


def test_the_list_has_one_row_that_says_all(merge, open_conversation, alice, client_of) -> None:
    page = client_of(alice).get("/").content.decode()
    assert rows_of(page) == [open_conversation.pk]
    assert 'data-inbound="2"' in page
    assert sidebar.view_counts(membership(alice))["all"] == 1


def test_a_part_stands_alone_where_the_root_has_nothing(earlier, carla, alice, client_of) -> None:
    merging.merge_now(earlier.contact_id, carla.pk, reason="x")
    page = client_of(alice).get("/").content.decode()
    assert rows_of(page) == [earlier.pk]
    assert "Carla Mendonça" in page


def test_a_part_stands_alone_for_who_does_not_see_the_main_one(
    merge, earlier, open_conversation, organization, bob, client_of
) -> None:
    kitchen = models.Team.objects.create(organization=organization, name="Kitchen")
    models.Conversation.objects.filter(pk=open_conversation.pk).update(team=kitchen)
    models.Membership.objects.filter(user=bob).update(sees_all_teams=False)
    browser = client_of(bob)
    page = browser.get("/").content.decode()
    assert rows_of(page) == [earlier.pk]
    assert 'data-inbound="1"' in page
    shown = browser.get(f"/conversations/{earlier.pk}/").content.decode()
    assert messages_of(shown) == [earlier.last_message_id]


def test_the_thread_shows_the_union_by_time(
    merge, earlier, open_conversation, alice, client_of
) -> None:
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert messages_of(page) == [earlier.last_message_id, open_conversation.last_message_id]
    gone = client_of(alice).get(f"/conversations/{earlier.pk}/?reply_to=7")
    assert gone.headers["Location"] == f"/conversations/{open_conversation.pk}/?reply_to=7"


def test_pages_of_a_union_leave_nothing_out(
    merge, earlier, open_conversation, alice, client_of
) -> None:
    at = open_conversation.last_message.sort_at  # many at the very same time, on both sides
    for number in range(80):
        place = open_conversation if number % 3 else earlier
        factories.MessageFactory(conversation=place, received_at=at)
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/messages/"
    seen: list[int] = []
    before = ""
    while True:
        page = browser.get(f"{address}?before={before}", **FRAGMENT).content.decode()
        seen = messages_of(page) + seen
        older = re.search(r'data-before="([\w-]+)"', page)
        if not older:
            break
        before = older[1]
    assert seen == list(
        models.Message.objects.order_by("sort_at", "pk").values_list("pk", flat=True)
    )


def test_pages_of_one_conversation_leave_nothing_out(open_conversation, alice, client_of) -> None:
    at = open_conversation.last_message.sort_at
    factories.MessageFactory.create_batch(120, conversation=open_conversation, received_at=at)
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/messages/"
    seen: list[int] = []
    before = ""
    for _ in range(3):
        page = browser.get(f"{address}?before={before}", **FRAGMENT).content.decode()
        seen = messages_of(page) + seen
        older = re.search(r'data-before="([\w-]+)"', page)
        before = older[1] if older else ""
    assert seen == list(models.Message.objects.order_by("pk").values_list("pk", flat=True))


def beside(page: str) -> str:
    return re.search(r'data-beside="([\d:,]+)"', page)[1]


def test_a_pull_brings_later_changes_of_all(
    merge, earlier, open_conversation, alice, bob, client_of
) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    page = browser.get(address).content.decode()
    head = re.search(r'data-head="(\d+)" data-beside', page)[1]
    late = answered(earlier, bob, "entregue tarde")
    url = f"{address}messages/?after={head}&beside="
    pulled = browser.get(url + beside(page), **FRAGMENT).content.decode()
    assert messages_of(pulled) == [late.pk]
    again = browser.get(url + beside(pulled), **FRAGMENT).content.decode()
    assert messages_of(again) == []
    assert browser.get(url + "x", **FRAGMENT).status_code == 404


def test_who_missed_much_of_all_gets_the_newest_of_all(
    merge, earlier, open_conversation, alice, client_of, monkeypatch
) -> None:
    monkeypatch.setattr("inbox.views.timeline.MOST_PULLED", 3)
    for place in (earlier, open_conversation) * 4:
        factories.MessageFactory(conversation=place)
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/messages/"
    page = browser.get(f"{address}?after=0&beside={earlier.pk}:0", **FRAGMENT).content.decode()
    assert len(messages_of(page)) == models.Message.objects.count()
    assert f'data-born="{models.Message.objects.count()}"' in page
    head = re.search(r'data-head="(\d+)"', page)[1]
    again = browser.get(f"{address}?after={head}&beside={beside(page)}", **FRAGMENT)
    assert messages_of(again.content.decode()) == []


def test_who_has_it_open_is_told_where_it_goes_on(
    merge, earlier, open_conversation, alice, client_of
) -> None:
    browser = client_of(alice)
    for each in (earlier, open_conversation):  # both were open before the merge
        url = f"/conversations/{each.pk}/messages/?after=1"
        page = browser.get(url, **FRAGMENT).content.decode()
        assert f'data-goes-on="/conversations/{open_conversation.pk}/"' in page
    merging.undo(merge.pk, by=None)
    url = f"/conversations/{open_conversation.pk}/messages/?after=1&beside={earlier.pk}:1"
    assert "data-goes-on" in browser.get(url, **FRAGMENT).content.decode()


def test_reading_the_union_reads_all_of_it(
    merge, earlier, open_conversation, alice, client_of
) -> None:
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/"
    page = browser.get(address).content.decode()
    assert 'data-seen="-1"' in page
    fields = {"seq": open_conversation.head_seq, "beside": beside(page)}
    assert browser.post(f"{address}read/", fields).json()["read"] == 2
    assert ReadMark.objects.get(conversation=earlier).inbound_count == 1
    assert " data-unread>" not in browser.get("/").content.decode()
    assert browser.post(f"{address}read/", {"seq": "1", "beside": "1"}).status_code == 422


def test_a_reply_leaves_from_where_it_goes_on(merge, earlier, open_conversation, alice) -> None:
    quoted = earlier.last_message_id
    reply = replies.Reply(client_message_id="u1", text="Olá de novo", reply_to=quoted)
    message, created = replies.send_reply(membership(alice), earlier.pk, reply)
    assert (message.conversation, message.reply_to_id) == (open_conversation, quoted)
    again, created_again = replies.send_reply(membership(alice), earlier.pk, reply)
    assert (again, created, created_again) == (message, True, False)


def test_a_reply_that_saw_only_a_part_is_held_back(merge, earlier, alice, client_of) -> None:
    fields = {"text": "Olá", "client_message_id": "u2", "seen_seq": "1"}
    answer = client_of(alice).post(f"/conversations/{earlier.pk}/reply/", fields, **FRAGMENT)
    assert answer.status_code == 409
    assert "was merged" in answer.content.decode()
    assert models.Message.objects.filter(direction="out").count() == 0


def test_pushes_take_the_row_of_a_part_away(
    merge, earlier, open_conversation, organization, alice, bob
) -> None:
    narrow = ticket(bob)
    narrow = replace(narrow, scope=replace(narrow.scope, channels=frozenset()))
    changes = coalescer.read_changes(organization.pk, 0, [ticket(alice), narrow])
    rows = json.loads(changes.frame(ticket(alice)))["rows"]
    assert {"id": earlier.pk, "gone": True} in rows
    [row] = [row for row in rows if "html" in row]
    assert (row["id"], 'data-inbound="2"' in row["html"]) == (open_conversation.pk, True)
    assert json.loads(changes.frame(narrow))["rows"] == []


def test_pulled_rows_say_the_same(merge, earlier, open_conversation, alice, client_of) -> None:
    rows = client_of(alice).get("/rows/?changed_after=0").json()["rows"]
    assert {"id": earlier.pk, "gone": True} in rows
    assert [row["id"] for row in rows if "html" in row] == [open_conversation.pk]
    models.Conversation.objects.filter(pk=open_conversation.pk).update(changed_seq=0)
    rows = client_of(alice).get("/rows/?changed_after=0").json()["rows"]
    assert [row["id"] for row in rows if "html" in row] == [open_conversation.pk]


@pytest.mark.parametrize("count", [1, 12])
def test_merged_rows_cost_the_same_however_many(
    count, channel, alice, client_of, django_assert_num_queries
) -> None:
    for _ in range(count):
        first, second = (
            asked(factories.ConversationFactory(channel=channel), "Olá") for _ in range(2)
        )
        merging.merge_now(second.contact_id, first.contact_id, reason="x")
    rows = queries.with_row_parts(access.conversations(membership(alice)))
    shown = list(unions.shown(rows))
    assert len(shown) == count
    with django_assert_num_queries(4):  # conversations, identities of both, labels
        found = unions.unions_of(shown, rows)
    assert all(len(union.all) == 2 for union in found.values())


@pytest.mark.parametrize("text", ["1", "1:", ":1", "1:2:3", "a:b", "1:2,", "²:1", "1:" + "9" * 30])
def test_heads_that_are_none_are_refused(text) -> None:
    assert unions.parse_heads(text) is None


def test_heads_travel_as_text() -> None:
    assert unions.parse_heads(unions.write_heads({12: 340, 5: 7})) == {5: 7, 12: 340}
    assert unions.parse_heads("") == {}
