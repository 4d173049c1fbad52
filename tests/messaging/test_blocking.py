"""Somebody who is blocked: all they send is kept, nobody is disturbed, and nothing leaves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from messaging import blocking, events, internal, merging, timeline
from messaging.models import Contact, Conversation, Episode, Message
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all
from tests.messaging.test_properties import undone, with_database

CARLA = "351910000042"
ROWS = ("provider_id", "kind", "text", "seq", "sort_at", "direction", "status", "reply_to__text")
SAID = [
    bodies.text("wamid.1", at=bodies.SOME_TIME),
    bodies.text("wamid.2", at=bodies.SOME_TIME + 60),
    bodies.text("wamid.3", at=bodies.SOME_TIME + 120) | {"context": {"id": "wamid.1"}},
]


def set_blocked(contact: Contact, by: Any, *, is_blocked: bool = True) -> bool:
    change = blocking.block if is_blocked else blocking.unblock
    with transaction.atomic():
        rows = change(contact.pk, by=by)
        timeline.publish((rows or {}).values())
    return rows is not None


def told(connection: Any, order: list[int], blocked: bool) -> tuple[list[Any], Conversation]:
    """What the timeline holds after these messages, each in a delivery of its own."""
    contact = factories.ContactFactory(organization=connection.organization)
    factories.ContactIdentityFactory(contact=contact, value=CARLA, canonical_key=CARLA)
    if blocked:
        Contact.objects.update(blocked_at="2025-01-01T00:00Z")
    for number in order:
        deliver(connection, bodies.body([SAID[number]]))
        drain_all(connection)
    rows = Message.objects.order_by("sort_at").values_list(*ROWS)
    return list(rows), Conversation.objects.get()


@pytest.mark.django_db
@with_database
@given(order=st.permutations(range(len(SAID))), repeats=st.booleans())
def test_what_they_send_is_kept_as_of_anybody_in_any_order(
    connection: Any, order: list[int], repeats: bool
) -> None:
    order = [*order, *order] if repeats else order
    with undone():
        kept, free = told(connection, order, blocked=False)
        assert (free.state, free.inbound_count, free.waiting_since is None) == ("open", 3, False)
    with undone():
        rows, conversation = told(connection, order, blocked=True)
        assert rows == kept
        assert conversation.window_expires_at == free.window_expires_at
        assert (conversation.state, conversation.inbound_count) == ("resolved", 0)
        assert conversation.waiting_since is None
        assert not Episode.objects.exists()
        assert not Message.objects.filter(is_silent=False).exists()


@pytest.mark.django_db
def test_a_resolved_conversation_stays_asleep_and_nobody_is_told(
    conversation, connection, channel, alice, monkeypatch
) -> None:
    heard: list[object] = []
    monkeypatch.setattr("messaging.apply.messages.announce", heard.append)
    conversation.channel.external_id = bodies.NUMBER_ID
    conversation.channel.save()
    Conversation.objects.update(state="snoozed", snoozed_until="2030-01-01T00:00Z")
    before = Conversation.objects.get()
    assert set_blocked(conversation.contact, alice)
    deliver(connection, bodies.body([bodies.text("wamid.x")]))
    drain_all(connection)
    after = Conversation.objects.get()
    assert (after.state, after.snoozed_until) == ("snoozed", before.snoozed_until)
    assert after.last_activity_at == before.last_activity_at
    assert Message.objects.filter(provider_id="wamid.x", is_silent=True).exists()
    assert not [fact for fact in heard if isinstance(fact, events.MessagesReceived)]


@pytest.mark.django_db
def test_one_batch_with_many_people_asks_once(
    conversation, connection, carla, alice, django_assert_num_queries
) -> None:
    conversations = {
        row.pk: row for row in (conversation, *(factories.ConversationFactory() for _ in range(20)))
    }
    set_blocked(carla, alice)
    with django_assert_num_queries(0):  # of Django's; `mark` is one statement of its own
        blocking.mark(conversations)
    assert [row.pk for row in conversations.values() if row.is_blocked] == [conversation.pk]


@pytest.mark.django_db
def test_blocking_stops_waiting_and_unblocking_brings_it_back(conversation, carla, alice) -> None:
    asked = factories.MessageFactory(conversation=conversation)
    Conversation.objects.update(waiting_since=asked.sort_at)
    assert set_blocked(carla, alice)
    assert not set_blocked(carla, alice)
    assert Conversation.objects.get().waiting_since is None
    conversation.refresh_from_db()
    factories.MessageFactory(conversation=conversation, is_silent=True)
    assert set_blocked(carla, alice, is_blocked=False)
    assert not set_blocked(carla, alice, is_blocked=False)
    assert Conversation.objects.get().waiting_since == asked.sort_at
    lines = Message.objects.filter(kind=internal.EVENT).order_by("seq")
    assert [line.content["event"]["type"] for line in lines] == ["blocked", "unblocked"]
    assert {line.author for line in lines} == {alice}


@pytest.mark.django_db
def test_a_merge_blocks_the_whole_person_and_parting_only_the_one(
    conversation, carla, alice, organization
) -> None:
    other = factories.ContactFactory(organization=organization)
    Conversation.objects.update(waiting_since="2025-01-01T00:00Z")
    set_blocked(other, alice)
    journal = merging.merge_now(other.pk, carla.pk, reason="x")
    carla.refresh_from_db()
    assert carla.blocked_at is not None
    merging.undo(journal.pk, by=alice)
    blocked = dict(Contact.objects.values_list("pk", "blocked_at"))
    assert blocked[carla.pk] is None
    assert blocked[other.pk] is not None


@pytest.mark.django_db
def test_a_merged_person_is_blocked_and_let_in_as_one(carla, alice, organization) -> None:
    other = factories.ContactFactory(organization=organization)
    journal = merging.merge_now(other.pk, carla.pk, reason="x")
    set_blocked(carla, alice)
    assert Contact.objects.filter(blocking.is_blocked()).count() == 2
    set_blocked(other, alice, is_blocked=False)
    merging.undo(journal.pk, by=alice)
    assert not Contact.objects.filter(blocking.is_blocked()).exists()


@pytest.mark.django_db(transaction=True)
def test_blocking_while_they_write_ends_quiet(conversation, connection, carla, alice) -> None:
    conversation.channel.external_id = bodies.NUMBER_ID
    conversation.channel.save()
    deliver(connection, bodies.body([bodies.text("wamid.race")]))
    at_once(lambda: set_blocked(carla, alice), lambda: drain_all(connection))
    assert Message.objects.filter(provider_id="wamid.race").exists()
    assert Conversation.objects.get().waiting_since is None
