"""Two agents, one customer: whose turn it is, who is there, and who is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import F

from inbox import leasing, whereabouts
from inbox.models import AuditEntry
from locking import leases, presence
from locking.models import Lease
from messaging import models
from tests import factories
from tests.inbox.conftest import asked
from tests.inbox.sockets import next_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hub")]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch, open_conversation) -> None:
    """Presence is told without a pause, and nobody is left over from another test."""
    monkeypatch.setattr(whereabouts, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(presence, "_rest_until", 0.0)
    room = leasing.room_of(open_conversation.organization_id)
    presence._client(settings.REDIS_URL).delete(presence._key(room))


@pytest.fixture
def follower(listener, open_conversation):
    """A socket that follows the conversation."""

    async def follow(user: models.User):
        socket = await listener(user)
        await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
        assert await next_of(socket, "lease.changed")
        return socket

    return follow


async def ask(socket, kind: str, conversation: models.Conversation, **fields) -> dict:
    """Send a lease message; what it is answered with."""
    frame = {"type": kind, "conversation": conversation.pk, "id": f"{kind}-1", **fields}
    await socket.send_json_to(frame)
    while True:
        answer = await socket.receive_json_from(timeout=5)
        if answer["type"] in {"lease", "lease.refused"}:
            assert answer["id"] == f"{kind}-1"
            return answer


async def changed_to(socket, user: models.User | None) -> dict:
    """The next word that this person (or nobody) holds the lease."""
    while True:
        frame = await next_of(socket, "lease.changed")
        if (frame["holder"] or {"id": None})["id"] == (user.pk if user else None):
            return frame


async def presence_with(socket, **expected: list[models.User]) -> dict:
    """The next presence of exactly these people."""
    wanted = {"viewing": [], "replying": [], **expected}
    while True:
        frame = await next_of(socket, "presence")
        if all(
            {person["id"] for person in frame[doing]} == {user.pk for user in users}
            for doing, users in wanted.items()
        ):
            return frame


async def test_a_lease_is_taken_kept_and_given_back(follower, open_conversation, alice, bob):
    mine, theirs = await follower(alice), await follower(bob)
    held = await ask(mine, "lock", open_conversation)
    assert held["group"] == f"conversation.{open_conversation.pk}"
    told = await changed_to(theirs, alice)
    assert told["holder"] == {"id": alice.pk, "name": "Alice Moreau"}
    assert told["until"] == held["until"]
    refused = await ask(theirs, "lock", open_conversation)
    assert (refused["code"], refused["held_by"]["id"]) == ("held", alice.pk)
    token = {"lease_token": held["lease_token"]}
    kept = await ask(mine, "heartbeat", open_conversation, **token)
    assert kept["lease_token"] == held["lease_token"]
    assert kept["until"] > held["until"]
    assert (await ask(mine, "unlock", open_conversation, **token))["lease_token"] is None
    await changed_to(theirs, None)
    assert (await ask(theirs, "lock", open_conversation))["lease_token"] > held["lease_token"]
    for socket in (mine, theirs):
        await socket.disconnect()


async def test_a_takeover_is_told_audited_and_stands_in_the_timeline(
    follower, open_conversation, alice, bob
):
    mine, theirs = await follower(alice), await follower(bob)
    held = await ask(mine, "lock", open_conversation)
    await ask(theirs, "takeover", open_conversation)
    told = await changed_to(mine, bob)
    assert told["former"] == alice.pk
    token = {"lease_token": held["lease_token"]}
    assert (await ask(mine, "heartbeat", open_conversation, **token))["held_by"]["id"] == bob.pk
    entry = await AuditEntry.objects.aget(action="take_over_lease")
    assert (entry.actor_id, entry.details) == (bob.pk, {"former_holder": alice.pk})
    line = await open_conversation.messages.aget(kind="event")
    former = {"id": alice.pk, "name": "Alice Moreau"}
    assert line.content == {"event": {"type": "takeover", "from": former}}
    for socket in (mine, theirs):
        await socket.disconnect()


async def test_the_former_holder_is_told_wherever_they_are(
    listener, follower, open_conversation, alice, bob
):
    elsewhere, theirs = await listener(alice), await follower(bob)
    await ask(elsewhere, "lock", open_conversation)
    await ask(theirs, "takeover", open_conversation)
    assert (await changed_to(elsewhere, bob))["former"] == alice.pk
    for socket in (elsewhere, theirs):
        await socket.disconnect()


async def test_a_heartbeat_of_a_vanished_lease_is_lost(follower, open_conversation, alice):
    socket = await follower(alice)
    for token in (12345, None, "x", True, 2**70):
        lost = await ask(socket, "heartbeat", open_conversation, lease_token=token)
        assert (lost["type"], lost["code"], lost["held_by"]) == ("lease.refused", "lost", None)
    await socket.disconnect()


@pytest.mark.parametrize("why", ["another's", "out of scope", "auditor"])
async def test_no_lease_for_those_who_may_not_reply(why, listener, open_conversation, bob, mallory):
    place = models.Membership.objects.filter(user=bob)
    if why == "out of scope":
        await place.aupdate(sees_all_channels=False)
    socket = await listener(mallory if why == "another's" else bob)
    if why == "auditor":
        await place.aupdate(role=models.Role.AUDITOR)
    for kind in ("lock", "takeover", "heartbeat"):
        answer = await ask(socket, kind, open_conversation, lease_token=1)
        assert answer["code"] == "denied"
    assert not await Lease.objects.aexists()
    await socket.disconnect()


@pytest.mark.parametrize(("code", "is_kept"), [(1001, False), (1006, True)])
async def test_a_closed_page_gives_it_back_and_a_cut_one_lets_it_lapse(
    code, is_kept, follower, open_conversation, alice, bob
):
    mine, theirs = await follower(alice), await follower(bob)
    await presence_with(theirs, viewing=[alice, bob])
    await ask(mine, "lock", open_conversation)
    await changed_to(theirs, alice)
    await mine.disconnect(code)
    await presence_with(theirs, viewing=[bob])
    assert await Lease.objects.aexists() == is_kept
    await theirs.disconnect()


async def test_lookers_and_repliers_are_shown_to_those_who_follow(
    follower, open_conversation, alice, bob
):
    theirs = await follower(bob)
    mine = await follower(alice)
    here = await presence_with(theirs, viewing=[alice, bob])
    assert {person["name"] for person in here["viewing"]} == {"Alice Moreau", "Bob Fernandes"}
    await mine.send_json_to({"type": "typing", "conversation": open_conversation.pk})
    await presence_with(theirs, viewing=[bob], replying=[alice])
    await mine.send_json_to({"type": "leave", "conversation": open_conversation.pk})
    await presence_with(theirs, viewing=[bob])
    for socket in (mine, theirs):
        await socket.disconnect()


async def test_one_socket_follows_several_conversations(
    follower, open_conversation, channel, alice, bob
):
    other = await sync_to_async(
        lambda: asked(factories.ConversationFactory(channel=channel), "Olá")
    )()
    mine, theirs = await follower(alice), await follower(bob)
    await mine.send_json_to({"type": "open", "conversation": other.pk})
    await next_of(mine, "conversation.opened")
    await ask(theirs, "lock", open_conversation)
    await changed_to(mine, bob)
    await ask(theirs, "lock", other)
    assert (await changed_to(mine, bob))["conversation"] == other.pk
    await mine.send_json_to({"type": "leave", "conversation": open_conversation.pk})
    await ask(theirs, "takeover", other)
    assert (await changed_to(mine, bob))["conversation"] == other.pk
    for socket in (mine, theirs):
        await socket.disconnect()


async def test_lists_show_people_to_whom_the_scope_shows_the_row(
    listener, follower, open_conversation, alice, bob
):
    carol = await sync_to_async(factories.UserFactory)(name="Carol Narrow")
    await sync_to_async(factories.MembershipFactory)(
        organization=open_conversation.organization, user=carol, sees_all_channels=False
    )
    wide, narrow = await listener(alice), await listener(carol)
    theirs = await follower(bob)
    listed = await next_of(wide, "presence.list")
    assert listed["group"] == f"organization.{open_conversation.organization_id}"
    here = listed["people"][str(open_conversation.pk)]
    assert here == {"viewing": [{"id": bob.pk, "name": "Bob Fernandes"}], "replying": []}
    late = await listener(alice)
    assert (await next_of(late, "presence.list"))["people"] == listed["people"]
    assert await narrow.receive_nothing(timeout=0.3)
    for socket in (wide, narrow, theirs, late):
        await socket.disconnect()


async def test_what_runs_out_is_noticed(follower, open_conversation, alice, bob):
    socket = await follower(alice)
    room = leasing.room_of(open_conversation.organization_id)
    mark = leasing.replying(open_conversation.pk, bob.pk)
    await sync_to_async(presence.put)(room, [mark], seconds=0.4)
    assert await presence_with(socket, viewing=[alice], replying=[bob])
    later = await presence_with(socket, viewing=[alice])
    assert later["replying"] == []
    await socket.disconnect()


async def test_without_redis_leases_work_and_nobody_is_anywhere(
    follower, open_conversation, alice, bob, monkeypatch
):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    mine, theirs = await follower(alice), await follower(bob)
    assert (await ask(mine, "lock", open_conversation))["lease_token"]
    assert (await ask(theirs, "lock", open_conversation))["code"] == "held"
    assert await sync_to_async(presence.people)("organization:1") == {}
    for socket in (mine, theirs):
        await socket.disconnect()


async def test_an_opened_conversation_says_at_once_who_holds_it(
    listener, open_conversation, alice, bob
):
    resource = leasing.resource_of(open_conversation.pk)
    await sync_to_async(leases.acquire)(resource, holder=bob)
    socket = await listener(alice)
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    assert (await next_of(socket, "lease.changed"))["holder"]["id"] == bob.pk
    await Lease.objects.aupdate(expires_at=F("expires_at") - timedelta(hours=1))
    await socket.send_json_to({"type": "open", "conversation": open_conversation.pk})
    assert (await next_of(socket, "lease.changed"))["holder"] is None
    await socket.disconnect()


async def test_marks_last_while_their_socket_does(
    follower, open_conversation, alice, bob, monkeypatch
):
    monkeypatch.setattr(whereabouts, "VIEWING_SECONDS", 0.5)
    monkeypatch.setattr(whereabouts, "REFRESH_SECONDS", 0.1)
    socket = await follower(alice)
    await presence_with(socket, viewing=[alice])
    await asyncio.sleep(1)
    room = leasing.room_of(open_conversation.organization_id)
    here = await sync_to_async(presence.people)(room)
    assert here[leasing.resource_of(open_conversation.pk)].viewing == (alice.pk,)
    await socket.disconnect()
