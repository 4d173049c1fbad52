"""The reply guard and its neighbours, through composer and API alike."""

from __future__ import annotations

import pytest

from inbox import replies
from locking import leases
from locking.errors import LeaseHeld
from messaging import models
from messaging.events import ConversationsChanged, announced
from outbound.models import OutboxEntry
from tests import factories
from tests.inbox.conftest import answered, asked

pytestmark = pytest.mark.django_db


def send(user: models.User, conversation: models.Conversation, text: str = "Sim!", **fields):
    membership = models.Membership.objects.select_related("user").get(user=user)
    fields.setdefault("client_message_id", f"id-{models.Message.objects.count()}")
    return replies.send_reply(membership, conversation.pk, replies.Reply(text=text, **fields))


def test_a_reply_is_written_with_its_outbox_entry_and_told(
    open_conversation, alice, django_capture_on_commit_callbacks
) -> None:
    facts = []

    def hear(fact, **_):
        facts.append(fact)

    announced.connect(hear, sender=ConversationsChanged)
    with django_capture_on_commit_callbacks(execute=True):
        message, created = send(alice, open_conversation, seen_seq=1)
    assert created
    assert (message.status, message.direction, message.author) == ("pending", "out", alice)
    assert OutboxEntry.objects.get().message == message
    assert [moved.to_seq for moved in facts[-1].moved] == [message.seq]
    open_conversation.refresh_from_db()
    assert open_conversation.head_seq == message.seq
    assert open_conversation.last_message == message


def test_what_a_colleague_wrote_meanwhile_stops_it(open_conversation, alice, bob) -> None:
    theirs = answered(open_conversation, bob, "Já respondi.")
    with pytest.raises(replies.Unseen) as refusal:
        send(alice, open_conversation, seen_seq=1)
    assert [message.pk for message in refusal.value.messages] == [theirs.pk]
    assert not OutboxEntry.objects.exists()


def test_what_the_customer_wrote_meanwhile_stops_it(open_conversation, alice) -> None:
    asked(open_conversation, "Afinal são 30 pessoas.")
    with pytest.raises(replies.Unseen):
        send(alice, open_conversation, seen_seq=1)


def test_own_messages_and_ticks_never_stop_it(open_conversation, alice) -> None:
    mine, _ = send(alice, open_conversation, seen_seq=1)
    models.Message.objects.filter(pk=mine.pk).update(status="read", changed_seq=mine.seq + 5)
    models.Message.objects.filter(direction="in").update(changed_seq=mine.seq + 6)
    assert send(alice, open_conversation, "E mais uma coisa.", seen_seq=1)[1]


def test_send_anyway_answers_the_unseen(open_conversation, alice, bob) -> None:
    answered(open_conversation, bob, "Já respondi.")
    override = frozenset({"unseen"})
    assert send(alice, open_conversation, seen_seq=1, override=override)[1]


def test_programs_without_seen_seq_have_no_guard(open_conversation, alice, bob) -> None:
    answered(open_conversation, bob, "Já respondi.")
    assert send(alice, open_conversation)[1]


def test_a_lease_of_somebody_else_stops_it(open_conversation, alice, bob) -> None:
    leases.acquire(f"conversation:{open_conversation.pk}", holder=bob)
    with pytest.raises(LeaseHeld):
        send(alice, open_conversation, seen_seq=1)
    assert send(bob, open_conversation, seen_seq=1)[1]


def test_a_closed_window_stops_it(conversation, alice) -> None:
    with pytest.raises(replies.WindowClosed):
        send(alice, conversation)
    asked(conversation, "Olá", hours_ago=25)
    with pytest.raises(replies.WindowClosed):
        send(alice, conversation)


def test_the_same_id_gives_the_first_answer(open_conversation, alice) -> None:
    first, created = send(alice, open_conversation, client_message_id="same")
    again, created_again = send(alice, open_conversation, client_message_id="same")
    assert (created, created_again, again.pk) == (True, False, first.pk)
    assert OutboxEntry.objects.count() == 1


def test_a_repeat_is_answered_even_where_a_new_reply_would_be_refused(
    open_conversation, alice, bob
) -> None:
    first, _ = send(alice, open_conversation, client_message_id="same", seen_seq=1)
    open_conversation.refresh_from_db()
    answered(open_conversation, bob, "Também respondi.")
    models.Conversation.objects.update(window_expires_at=None)
    assert send(alice, open_conversation, client_message_id="same", seen_seq=1)[0] == first


def test_the_same_id_with_another_body_is_refused(open_conversation, channel, alice) -> None:
    send(alice, open_conversation, client_message_id="same")
    with pytest.raises(replies.IdReused):
        send(alice, open_conversation, "Outra coisa", client_message_id="same")
    elsewhere = asked(factories.ConversationFactory(channel=channel), "Olá")
    with pytest.raises(replies.IdReused):
        send(alice, elsewhere, client_message_id="same")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": "  \n"}, "text"),
        ({"text": "\0"}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"text": "", "kind": "poll"}, "kind"),
        ({"text": "", "kind": "image"}, "content.image"),
        ({"text": "x", "client_message_id": ""}, "client_message_id"),
        ({"text": "x", "reply_to": 10**18}, "reply_to"),
    ],
)
def test_what_does_not_fit_is_named(open_conversation, alice, fields, field) -> None:
    with pytest.raises(replies.Invalid) as refusal:
        send(alice, open_conversation, **fields)
    assert list(refusal.value.errors) == [field]


def test_limits_are_generous_to_the_letter(open_conversation, alice) -> None:
    assert len(send(alice, open_conversation, "\0" + "x" * 4096)[0].text) == 4096


def test_quotes_stay_in_their_conversation(open_conversation, channel, alice) -> None:
    question = open_conversation.messages.get()
    assert send(alice, open_conversation, reply_to=question.pk)[0].reply_to == question
    elsewhere = asked(factories.ConversationFactory(channel=channel), "Olá")
    with pytest.raises(replies.Invalid):
        send(alice, elsewhere, reply_to=question.pk)
