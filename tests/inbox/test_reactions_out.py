"""Reacting to a message: it leaves like any other, and shows where it belongs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from messaging import outgoing, timeline
from messaging.models import Message, MessageStatus
from messaging.outgoing import SendResult
from outbound.models import OutboxEntry
from tests import factories
from tests.inbox.conftest import FRAGMENT, answered, asked
from tests.inbox.test_api import Api, draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(alice) -> Api:
    return Api("alice@example.com")


@pytest.fixture
def target(open_conversation) -> Message:
    message = Message.objects.get()
    message.provider_id = "wamid.carla"
    message.save(update_fields=["provider_id"])
    return message


@pytest.fixture
def react(api, open_conversation):
    """Alice's program reacts."""

    def send(emoji: str = "👍", n: int = 1, **fields: object):
        fields.setdefault("content", {"reaction": {"emoji": emoji}})
        body = draft(open_conversation, kind="reaction", text="", client_message_id=f"r-{n}")
        return api.post("messages/", {**body, **fields})

    return send


@pytest.fixture
def reactions(api, open_conversation):
    """What stands on Carla's message, for a program."""

    def read() -> list[tuple[str, str, str]]:
        page = api.get(f"conversations/{open_conversation.pk}/messages/").json()
        found = next(each for each in page["results"] if each["direction"] == "in")
        return [
            (each["emoji"], each["by"]["type"], each["by"]["name"]) for each in found["reactions"]
        ]

    return read


def finish(message: Message, status: str, error_code: str = "") -> None:
    outgoing.record_results(
        [SendResult(message_id=message.pk, status=status, error_code=error_code)]
    )


def discard(message: Message) -> None:
    """Somebody decides that it was not sent, and gives it up."""
    with transaction.atomic():
        conversation = timeline.lock([message.conversation_id])[message.conversation_id]
        outgoing.restate([message.pk], MessageStatus.DISCARDED, {conversation.pk: conversation})
        timeline.publish([conversation])


def test_a_reaction_leaves_and_stands_on_its_target(react, reactions, target) -> None:
    answer = react(reply_to=target.pk)
    assert answer.status_code == 201, answer.json()
    about = {"emoji": "👍", "message_id": "wamid.carla"}
    assert answer.json()["content"] == {"reaction": about}
    assert answer.json()["reply_to"] == {"id": target.pk, "provider_id": "wamid.carla"}
    assert OutboxEntry.objects.get().message_id == answer.json()["id"]
    assert reactions() == [("👍", "agent", "Alice Moreau")]


def test_a_target_may_be_named_by_the_providers_id(react, target) -> None:
    named = {"emoji": "👍", "message_id": "wamid.carla"}
    assert react(content={"reaction": named}).json()["reply_to"]["id"] == target.pk
    again = react(reply_to=target.pk)
    assert again.status_code == 200


def test_the_last_reaction_counts_and_an_empty_one_takes_it_back(react, reactions, target) -> None:
    react("👍", 1, reply_to=target.pk)
    react("❤️", 2, reply_to=target.pk)
    assert [emoji for emoji, *_ in reactions()] == ["❤️"]
    assert react("", 3, reply_to=target.pk).status_code == 201
    assert reactions() == []


@pytest.mark.parametrize("undo", [partial(finish, status="failed", error_code="131026"), discard])
def test_what_did_not_leave_does_not_stand(react, reactions, target, undo) -> None:
    react("👍", 1, reply_to=target.pk)
    failed = Message.objects.get(pk=react("❤️", 2, reply_to=target.pk).json()["id"])
    target.refresh_from_db()
    before = target.changed_seq
    undo(failed)
    assert [emoji for emoji, *_ in reactions()] == ["👍"]
    target.refresh_from_db()
    assert target.changed_seq > before


def test_a_reaction_is_no_answer_and_no_line_of_the_list(
    react, listed, target, open_conversation
) -> None:
    open_conversation.waiting_since = timezone.now()
    open_conversation.save()
    react(reply_to=target.pk)
    open_conversation.refresh_from_db()
    assert open_conversation.last_message_id == target.pk
    assert open_conversation.waiting_since is not None
    assert "bolo" in listed()


def test_the_timeline_has_a_chip_and_no_bubble(react, shown, target, alice, client_of) -> None:
    message_id = react(reply_to=target.pk).json()["id"]
    page = (
        client_of(alice)
        .get(f"/conversations/{target.conversation_id}/messages/", **FRAGMENT)
        .content.decode()
    )
    assert f'id="message-{message_id}"' not in page
    assert "Reactions: Alice Moreau 👍" in shown(target)


def test_one_that_failed_is_shown_with_its_reason_until_it_is_settled(
    react, shown, target, alice, client_of
) -> None:
    message = Message.objects.get(pk=react(reply_to=target.pk).json()["id"])
    finish(message, "needs_review")
    assert "👍" in shown(message)
    assert "did not confirm" in shown(message)
    finish(message, "accepted")
    url = f"/conversations/{target.conversation_id}/messages/?after=0"
    pulled = client_of(alice).get(url, **FRAGMENT).content.decode()
    line = pulled.partition(f'id="message-{message.pk}"')[2].partition(">")[0]
    assert line.endswith(" hidden")


def test_a_colleagues_reaction_hides_nothing_from_an_answer(react, api, target, bob) -> None:
    head = Message.objects.count()
    Api("bob@example.com").post(
        "messages/",
        draft(
            target.conversation,
            kind="reaction",
            text="",
            content={"emoji": "👍"},
            reply_to=target.pk,
            client_message_id="b-1",
        ),
    )
    answer = api.post("messages/", draft(target.conversation, seen_seq=head))
    assert answer.status_code == 201


def test_reacting_needs_a_target_that_the_platform_knows(react, target, alice) -> None:
    assert list(react(content={"emoji": "👍"}).json()["errors"]) == ["reply_to"]
    pending = answered(target.conversation, alice, "Já sai")
    Message.objects.filter(pk=pending.pk).update(provider_id=None)
    assert "reply_to" in react(reply_to=pending.pk).json()["errors"]
    assert react(reply_to=10**12).status_code == 422
    unknown = {"reaction": {"emoji": "👍", "message_id": "wamid.nobody"}}
    assert react(content=unknown).status_code == 422
    other = {"reaction": {"emoji": "👍", "message_id": "wamid.other"}}
    assert react(content=other, reply_to=target.pk).status_code == 422
    assert not OutboxEntry.objects.exists()


def test_old_messages_and_reactions_take_none(react, target) -> None:
    old = timezone.now() - timedelta(days=31)
    aged = factories.MessageFactory(
        conversation=target.conversation, provider_id="wamid.old", received_at=old, sort_at=old
    )
    assert "30 days" in react(reply_to=aged.pk).json()["errors"]["reply_to"][0]
    first = Message.objects.get(pk=react(reply_to=target.pk).json()["id"])
    first.provider_id = "wamid.reaction"
    first.save()
    assert "reply_to" in react(n=2, reply_to=first.pk).json()["errors"]


def test_a_message_of_another_customer_is_no_target(react, target, channel) -> None:
    other = asked(factories.ConversationFactory(channel=channel), "Olá")
    Message.objects.filter(conversation=other).update(provider_id="wamid.theirs")
    theirs = {"reaction": {"emoji": "👍", "message_id": "wamid.theirs"}}
    assert react(content=theirs).status_code == 422
    assert react(reply_to=other.last_message_id).status_code == 422


def test_the_window_holds_for_reactions_too(react, target) -> None:
    conversation = target.conversation
    conversation.window_expires_at = timezone.now() - timedelta(minutes=1)
    conversation.save()
    assert react(reply_to=target.pk).json()["code"] == "window_closed"
