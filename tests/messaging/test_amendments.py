"""Edits, revokes and reactions: the newest counts, whatever came first and how often."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.amending import sweep_parked
from messaging.ledger import balance
from messaging.models import Amendment, Channel, Connection, Conversation, InboundItem, Message
from tests import factories
from tests.messaging import bodies
from tests.messaging.bodies import SOME_TIME
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.test_properties import undone

pytestmark = pytest.mark.django_db


def reaction(wamid: str, emoji: str | None, *, at: int, of: str = "wamid.1") -> Any:
    """A customer's reaction; without an emoji it is taken back."""
    body = {"message_id": of} | ({} if emoji is None else {"emoji": emoji})
    return bodies.text(wamid, at=SOME_TIME + at) | {"type": "reaction", "reaction": body}


def edit(wamid: str, text: str, *, at: int, of: str = "wamid.1") -> Any:
    """What the customer made of a message."""
    body = {"original_message_id": of, "message": {"type": "text", "text": {"body": text}}}
    return bodies.text(wamid, at=SOME_TIME + at) | {"type": "edit", "edit": body}


def revoke(wamid: str, *, at: int, of: str = "wamid.1") -> Any:
    """The customer deleted a message for everyone."""
    body = {"original_message_id": of}
    return bodies.text(wamid, at=SOME_TIME + at) | {"type": "revoke", "revoke": body}


def play(connection: Connection, *deliveries: list[Any], **more: Any) -> None:
    """Each list is one delivery, drained before the next comes."""
    for messages in deliveries:
        deliver(connection, bodies.body(messages, **more))
        drain_all(connection)


def first() -> Message:
    return Message.objects.get(provider_id="wamid.1")


def emojis() -> list[str]:
    """The current reactions to the first message, one per author."""
    heard = Amendment.objects.filter(message=first(), kind="reaction").order_by("at", "pk")
    newest = {each.author_key: each.emoji for each in heard}
    return [emoji for emoji in newest.values() if emoji]


def test_a_reaction_is_no_bubble_and_shows_in_the_list(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1")], [reaction("wamid.2", "👍", at=60)])
    conversation = Conversation.objects.get()
    assert Message.objects.count() == 1
    assert (emojis(), conversation.last_reaction.emoji) == (["👍"], "👍")
    assert first().changed_seq == conversation.head_seq == 2
    assert conversation.inbound_count == 1


def test_a_reaction_may_change_and_be_taken_back(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1")], [reaction("wamid.2", "👍", at=1)])
    play(connection, [reaction("wamid.3", "❤️", at=2)])
    assert emojis() == ["❤️"]
    play(connection, [reaction("wamid.4", None, at=3)])
    assert emojis() == []
    play(connection, [reaction("wamid.2b", "👍", at=1)])  # late
    assert emojis() == []


def test_an_edit_keeps_what_was_said_before(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1", body="Two loaves")])
    play(connection, [edit("wamid.2", "Three loaves", at=5)], [edit("wamid.3", "Four", at=9)])
    message = first()
    assert (message.text, message.original["text"]) == ("Four", "Two loaves")
    assert message.edited_at.timestamp() == SOME_TIME + 9


def test_an_older_edit_that_comes_late_changes_nothing_shown(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1")], [edit("wamid.3", "Four", at=9)])
    play(connection, [edit("wamid.2", "Three", at=5)])
    assert first().text == "Four"


def test_a_revoke_marks_and_keeps_the_text(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1", body="Secret")], [revoke("wamid.2", at=5)])
    assert (first().text, first().deleted_at.timestamp()) == ("Secret", SOME_TIME + 5)


def test_what_comes_before_its_message_waits_for_it(connection: Connection) -> None:
    play(connection, [reaction("wamid.2", "👍", at=5)], [edit("wamid.3", "Later", at=6)])
    parked = InboundItem.objects.values_list("outcome", "reason")
    assert set(parked) == {("applied", "parked")}
    play(connection, [bodies.text("wamid.1")])
    assert (first().text, emojis()) == ("Later", ["👍"])
    assert Conversation.objects.get().last_reaction.emoji == "👍"


def test_all_in_one_delivery_and_again(connection: Connection) -> None:
    batch = [revoke("wamid.4", at=7), edit("wamid.3", "B", at=6), bodies.text("wamid.1", body="A")]
    play(connection, batch, batch)
    outcomes = InboundItem.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["applied"] * 3 + ["duplicate"] * 3
    assert (first().text, first().deleted_at is not None) == ("B", True)
    assert balance().balanced


def test_the_ledger_names_them_and_their_message(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1")], [reaction("wamid.2", "👍", at=1)])
    line = InboundItem.objects.get(key="wamid.2")
    assert (line.kind, line.outcome, line.message_id) == ("reaction", "applied", first().pk)


def test_they_open_no_window_and_wait_for_no_answer(connection: Connection) -> None:
    play(connection, [bodies.text("wamid.1")])
    before = Conversation.objects.values("window_expires_at", "waiting_since", "inbound_count")[0]
    play(connection, [reaction("wamid.2", "👍", at=9), edit("wamid.3", "x", at=9)])
    after = Conversation.objects.values("window_expires_at", "waiting_since", "inbound_count")[0]
    assert after == before


def test_the_phone_app_edits_and_deletes_what_it_sent(connection: Connection) -> None:
    echo = bodies.text("wamid.1", body="Frm the phone") | {"to": "351910000042", "from": "1"}
    change = edit("wamid.2", "From the phone", at=4) | {"to": "351910000042"}
    play(connection, [], echoes=[echo])
    play(connection, [], echoes=[change])
    assert (first().direction, first().text) == ("out", "From the phone")


def test_a_reaction_to_a_reply_whose_id_was_not_known_yet_is_bound(
    connection: Connection, channel: Channel
) -> None:
    Channel.objects.filter(pk=channel.pk).update(external_id=bodies.NUMBER_ID)
    sent = factories.MessageFactory(
        conversation__channel=channel, direction="out", status="pending", provider_id=None
    )
    play(connection, [reaction("wamid.2", "🎉", at=5)])
    Message.objects.filter(pk=sent.pk).update(provider_id="wamid.1")
    assert sweep_parked() == 1
    assert (emojis(), sweep_parked()) == (["🎉"], 0)
    assert Conversation.objects.get().last_reaction.emoji == "🎉"


STORY = [
    bodies.text("wamid.1", body="First"),
    edit("wamid.2", "Second", at=2),
    edit("wamid.3", "Third", at=3),
    reaction("wamid.4", "👍", at=4),
    reaction("wamid.5", "❤️", at=5),
    revoke("wamid.6", at=6),
]


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations(STORY),
    repeated=st.lists(st.sampled_from(STORY), max_size=4),
    together=st.booleans(),
)
def test_any_order_and_repetition_ends_the_same(
    connection: Connection, order: list[Any], repeated: list[Any], together: bool
) -> None:
    events = [*order, *repeated]
    with undone():
        play(connection, *([events] if together else [[event] for event in events]))
        message = first()
        assert (message.text, message.original["text"]) == ("Third", "First")
        assert (message.deleted_at.timestamp(), emojis()) == (SOME_TIME + 6, ["❤️"])
        assert balance().balanced
