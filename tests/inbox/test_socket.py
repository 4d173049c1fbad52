"""The socket: who may listen, what they hear, and when it ends."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, transaction

from inbox import hub, realtime, replies, tickets
from messaging import merging, models, timeline
from outbound import courtesies
from tests import factories
from tests.inbox.conftest import asked
from tests.inbox.sockets import application, next_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hub")]


async def closed_with(socket: WebsocketCommunicator) -> int:
    while True:
        event = await socket.receive_output(timeout=5)
        if event["type"] == "websocket.close":
            return event["code"]


def reply(user: models.User, conversation: models.Conversation, text: str) -> models.Message:
    membership = models.Membership.objects.select_related("user").get(user=user)
    draft = replies.Reply(text=text, client_message_id=f"s-{text}")
    return replies.send_reply(membership, conversation.pk, draft)[0]


async def test_strangers_are_told_to_log_in() -> None:
    socket = WebsocketCommunicator(application, "/ws/")
    await socket.connect()
    assert await closed_with(socket) == 4401


async def test_a_reply_reaches_list_and_open_conversation(
    listener, open_conversation, alice, bob
) -> None:
    socket = await listener(alice)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    opened = await next_of(socket, "conversation.opened")
    assert opened["to"] == 1
    message = await sync_to_async(reply)(bob, open_conversation, "Sim!")
    moved = await next_of(socket, "conversation.changed")
    assert moved["group"] == f"conversation.{open_conversation.pk}"
    assert (moved["from"], moved["to"]) == (1, message.seq)
    listed = await next_of(socket, "list.changed")
    assert listed["group"] == f"organization.{open_conversation.organization_id}"
    assert listed["to"] > listed["from"]
    [row] = listed["rows"]
    assert row["id"] == open_conversation.pk
    assert f'id="conversation-{open_conversation.pk}"' in row["html"]
    assert "Sim!" in row["html"]
    await socket.disconnect()


async def test_late_changes_from_before_a_merge_are_heard(
    listener, open_conversation, channel, alice
) -> None:
    def merged() -> models.Conversation:
        earlier = asked(factories.ConversationFactory(channel=channel), "Sou eu")
        merging.merge_now(earlier.contact_id, open_conversation.contact_id, reason="x")
        return earlier

    def change(conversation: models.Conversation) -> None:
        with transaction.atomic():
            [locked] = timeline.lock([conversation.pk]).values()
            timeline.take_number(locked)
            timeline.publish([locked])

    earlier = await sync_to_async(merged)()
    socket = await listener(alice)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    await next_of(socket, "conversation.opened")
    await sync_to_async(change)(earlier)
    moved = await next_of(socket, "conversation.changed")
    assert moved["group"] == f"conversation.{earlier.pk}"
    [*_, row] = (await next_of(socket, "list.changed"))["rows"]
    assert row["id"] == open_conversation.pk
    await socket.disconnect()


async def test_frames_join_without_holes(listener, open_conversation, alice, bob) -> None:
    socket = await listener(alice)
    heads = []
    for number in range(3):
        await sync_to_async(reply)(bob, open_conversation, f"Resposta {number}")
        frame = await next_of(socket, "list.changed")
        heads.append((frame["from"], frame["to"]))
    assert [pair[0] for pair in heads[1:]] == [pair[1] for pair in heads[:-1]]
    await socket.disconnect()


async def test_another_organisation_hears_nothing(
    listener, open_conversation, bob, mallory
) -> None:
    socket = await listener(mallory)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    assert (await next_of(socket, "conversation.denied"))["type"] == "conversation.denied"
    await sync_to_async(reply)(bob, open_conversation, "Segredo")
    assert await socket.receive_nothing(timeout=0.3)
    await socket.disconnect()


async def test_rows_out_of_scope_are_left_out(listener, open_conversation, alice, bob) -> None:
    def narrow() -> None:
        models.Membership.objects.filter(user=alice).update(sees_all_channels=False)

    await sync_to_async(narrow)()
    socket = await listener(alice)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    assert await next_of(socket, "conversation.denied")
    await sync_to_async(reply)(bob, open_conversation, "Segredo")
    frame = await next_of(socket, "list.changed")
    assert frame["rows"] == []
    await socket.disconnect()


@pytest.mark.parametrize("what", ["membership", "user", "session", "scope", "password"])
async def test_withdrawn_rights_end_the_socket(what, listener, open_conversation, alice) -> None:
    socket = await listener(alice)

    def withdraw() -> None:
        place = models.Membership.objects.filter(user=alice)
        if what == "membership":
            place.delete()
        elif what == "user":
            models.User.objects.filter(pk=alice.pk).update(is_active=False)
        elif what == "session":
            Session.objects.all().delete()
        elif what == "scope":
            place.update(sees_all_teams=False)
        else:
            alice.set_password("another-one")
            alice.save()

    await sync_to_async(withdraw)()
    assert await closed_with(socket) == 4401
    await socket.disconnect()


@pytest.mark.parametrize("error", [RuntimeError, InterfaceError, OperationalError, OSError])
async def test_a_round_that_fails_does_not_end_the_checks(
    error, listener, alice, monkeypatch
) -> None:
    rounds, withdrawn = [], tickets.withdrawn

    def stumble(held: set) -> set:
        rounds.append(held)
        if len(rounds) == 1:
            raise error("once")
        return withdrawn(held)

    monkeypatch.setattr(tickets, "withdrawn", stumble)
    socket = await listener(alice)
    await sync_to_async(Session.objects.all().delete)()
    assert await closed_with(socket) == 4401
    await socket.disconnect()


async def test_garbage_is_ignored(listener, alice) -> None:
    socket = await listener(alice)
    for text in ("[]", "{", '{"type": "open"}', '{"type": 3}', "x" * 5000):
        await socket.send_to(text_data=text)
    await socket.send_json_to({"type": "open", "conversation": 2**80})
    await socket.send_to(bytes_data=b"\x00")
    assert await socket.receive_nothing(timeout=0.2)
    await socket.disconnect()


async def test_a_lost_push_costs_a_heartbeat(
    listener, open_conversation, alice, bob, monkeypatch
) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(realtime, "push", lambda *_: None)
    socket = await listener(alice)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    await next_of(socket, "conversation.opened")
    message = await sync_to_async(reply)(bob, open_conversation, "Sim!")
    group = f"conversation.{open_conversation.pk}"
    heard = [(await next_of(socket, "heartbeat"))["heads"][group] for _ in range(3)]
    assert heard[-1] == message.seq, heard
    await socket.disconnect()


async def test_without_the_channel_layer_it_says_so_and_asks_postgres(
    listener, open_conversation, alice, bob, monkeypatch
) -> None:
    async def unreachable(*_: object) -> None:
        raise OSError("no Redis")

    monkeypatch.setattr(realtime.Feed, "open", unreachable)
    monkeypatch.setattr(realtime, "push", lambda *_: None)
    socket = await listener(alice)
    assert await next_of(socket, "live.delayed")
    await sync_to_async(reply)(bob, open_conversation, "Sim!")
    assert (await next_of(socket, "list.changed"))["rows"]
    await socket.disconnect()


async def test_a_new_conversation_reaches_the_list(listener, conversation, alice, bob) -> None:
    socket = await listener(alice)
    await sync_to_async(asked)(conversation, "Olá")
    await sync_to_async(reply)(bob, conversation, "Bom dia")
    assert (await next_of(socket, "list.changed"))["rows"][0]["read"] == 0
    await socket.disconnect()


async def test_typing_is_passed_on_by_those_who_may_answer(
    listener, alice, bob, open_conversation, monkeypatch
) -> None:
    typed: list[int] = []
    monkeypatch.setattr(courtesies, "on_typing", typed.append)
    auditors = models.Membership.objects.filter(user=bob)
    await sync_to_async(auditors.update)(role=models.Role.AUDITOR)
    for user in (alice, bob):
        socket = await listener(user)
        typing = {"type": "typing", "conversation": open_conversation.pk}
        await socket.send_json_to(typing)
        await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
        await next_of(socket, "conversation.opened")
        await socket.send_json_to({**typing, "mode": "note"})
        for _ in range(3):
            await socket.send_json_to(typing)
        await socket.send_json_to({"type": "open", "conversation": 2**40})
        await next_of(socket, "conversation.denied")
        await socket.send_json_to({**typing, "conversation": 2**40})
        await socket.disconnect()
    assert typed == [open_conversation.pk]
