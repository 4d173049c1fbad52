"""What tells a browser that something is new: numbers of the server, in pushes and pulls alike."""

from __future__ import annotations

import json
import uuid

import pytest

from inbox import coalescer, notes
from inbox.models import AgentProfile, ReadMark
from messaging import models
from tests import factories
from tests.inbox.conftest import answered, asked
from tests.inbox.test_coalescer import ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def pushed(organization):
    """What a viewer's socket is told of the only row."""

    def row(viewer: models.User, others: tuple[models.User, ...] = ()) -> dict[str, object]:
        changes = coalescer.read_changes(
            organization.pk, -1, [ticket(each) for each in (viewer, *others)]
        )
        return json.loads(changes.frame(ticket(viewer)))["rows"][0]

    return row


@pytest.fixture
def pulled(client_of):
    """What their page is told when it asks."""

    def row(viewer: models.User) -> dict[str, object]:
        return client_of(viewer).get("/rows/?changed_after=0").json()["rows"][0]

    return row


def without_html(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "html"}


def test_a_pull_says_what_the_push_said(open_conversation, alice, bob, pushed, pulled) -> None:
    models.Conversation.objects.update(assignee=alice, changed_seq=1)
    row = without_html(pushed(alice, (bob,)))
    assert row["inbound"] == 1
    assert (row["read"], row["assignee"], row["named"]) == (0, alice.pk, None)
    received = models.Message.objects.get().received_at
    assert row["heard"] == received.isoformat().replace("+00:00", "Z")
    assert without_html(pulled(alice)) == row


def test_our_own_words_silent_ones_and_reactions_are_no_news(
    open_conversation, alice, pushed, say
) -> None:
    before = pushed(alice)["inbound"]
    own = answered(open_conversation, alice, "Sim")
    for message in (own, say(text="antes", is_silent=True), say(kind="reaction")):
        models.Conversation.objects.update(last_message=message, last_message_at=message.sort_at)
        row = pushed(alice)
        assert (row["inbound"], row["heard"]) == (before, None)


def test_who_is_named_is_told_and_nobody_else(
    open_conversation, alice, bob, pushed, pulled
) -> None:
    membership = models.Membership.objects.select_related("user").get(user=alice)
    note = notes.Note(client_message_id=str(uuid.uuid4()), text="@Bob Fernandes, @Alice Moreau?")
    notes.add(membership, open_conversation.pk, note)
    told = pushed(bob, (alice,))["named"]
    assert told is not None
    assert pulled(bob)["named"] == told
    assert pushed(alice, (bob,))["named"] is None
    notes.see_mentions(bob, [open_conversation.pk])
    assert pushed(bob)["named"] is None


def test_the_number_before_the_title_is_that_of_mine_and_unread(
    open_conversation, channel, alice, bob, client_of
) -> None:
    theirs = asked(factories.ConversationFactory(channel=channel), "E o meu?")
    models.Conversation.objects.filter(pk=theirs.pk).update(assignee=bob)
    browser = client_of(alice)
    assert browser.get("/bell/").json() == {"unread": 0}
    models.Conversation.objects.filter(pk=open_conversation.pk).update(assignee=alice)
    assert browser.get("/bell/").json() == {"unread": 1}
    listed = browser.get("/?view=mine&unread=1").content.decode()
    assert f'id="conversation-{open_conversation.pk}"' in listed
    ReadMark.objects.create(user=alice, conversation=open_conversation, seq=1, inbound_count=1)
    assert browser.get("/bell/").json() == {"unread": 0}


def test_the_page_brings_what_somebody_wants_to_be_told(alice, client_of) -> None:
    browser = client_of(alice)
    page = browser.get("/").content.decode()
    assert 'data-for="unassigned"' in page
    assert "data-sounds" in page
    assert "data-notifies" not in page
    fields = {"send_key": "enter", "rings_for": "none", "has_notifications": "on"}
    fields |= {"quiet_from": "22:00", "quiet_until": "07:30"}
    assert browser.post("/settings/profile/", fields).status_code == 302
    page = browser.get("/").content.decode()
    assert 'data-for="none"' in page
    assert 'data-quiet-from="22:00" data-quiet-until="07:30"' in page
    assert "data-notifies" in page
    assert "data-sounds" not in page
    assert AgentProfile.objects.get(user=alice).shows_words is False


def test_strangers_hear_nothing(client) -> None:
    assert client.get("/bell/").status_code == 302
