"""Chats from the past, placeholders and groups."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from messaging.ledger import balance
from messaging.models import Connection, Conversation, InboundItem, Media, Message
from tests.messaging import bodies
from tests.messaging.bodies import SOME_TIME
from tests.messaging.conftest import deliver, drain_all

pytestmark = pytest.mark.django_db

CARLA = "351910000042"
OURS = "351210000001"


def history(*messages: Any, thread: str = CARLA) -> bytes:
    """One chunk of one chat."""
    value = {
        "metadata": {"display_phone_number": OURS, "phone_number_id": bodies.NUMBER_ID},
        "history": [
            {"metadata": {"phase": 0}, "threads": [{"id": thread, "messages": list(messages)}]}
        ],
    }
    changes = [{"field": "history", "value": value}]
    return json.dumps({"entry": [{"id": "1", "changes": changes}]}).encode()


def old(wamid: str, *, at: int = 0, ours: bool = False, status: str = "READ") -> Any:
    """A message of the past."""
    sender = OURS if ours else CARLA
    return bodies.text(wamid, sender=sender, at=SOME_TIME - 9000 + at) | {
        "history_context": {"status": status}
    }


def drained(connection: Connection, *contents: bytes) -> None:
    deliver(connection, *contents)
    drain_all(connection)


def test_the_past_is_silent(connection: Connection) -> None:
    drained(connection, history(old("wamid.1"), old("wamid.2", at=5, ours=True)))
    conversation = Conversation.objects.get()
    assert conversation.state == "resolved"
    assert (conversation.inbound_count, conversation.window_expires_at) == (0, None)
    assert conversation.waiting_since is None
    assert conversation.last_activity_at.timestamp() == SOME_TIME - 9000 + 5
    messages = Message.objects.order_by("sort_at").values_list("direction", "author_type", "status")
    assert list(messages) == [("in", "contact", "received"), ("out", "phone_app", "read")]
    assert not Message.objects.filter(arrived_late=True).exists()


def test_the_past_stands_before_the_present_and_leaves_it_alone(connection: Connection) -> None:
    drained(connection, bodies.body([bodies.text("wamid.new")]))
    before = Conversation.objects.values("state", "inbound_count", "waiting_since")[0]
    drained(connection, history(old("wamid.old")))
    assert Conversation.objects.values("state", "inbound_count", "waiting_since")[0] == before
    order = Message.objects.order_by("sort_at").values_list("provider_id", flat=True)
    assert list(order) == ["wamid.old", "wamid.new"]
    assert Conversation.objects.get().last_message.provider_id == "wamid.new"


def test_a_new_message_opens_a_conversation_of_the_past(connection: Connection) -> None:
    drained(connection, history(old("wamid.old")))
    drained(connection, bodies.body([bodies.text("wamid.new")]))
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.inbound_count) == ("open", 1)


def test_the_past_twice_is_a_duplicate(connection: Connection) -> None:
    drained(connection, history(old("wamid.1")), history(old("wamid.1"), old("wamid.2")))
    lines = InboundItem.objects.order_by("event_id", "position")
    outcomes = lines.values_list("outcome", flat=True)
    assert list(outcomes) == ["applied", "duplicate", "applied"]


def placeholder(wamid: str = "wamid.1") -> Any:
    return {"from": CARLA, "id": wamid, "timestamp": str(SOME_TIME), "type": "media_placeholder"}


def image(wamid: str = "wamid.1") -> Any:
    picture = {"id": "77", "mime_type": "image/jpeg", "caption": "Our shop"}
    return bodies.text(wamid) | {"type": "image", "image": picture}


@pytest.mark.parametrize("together", [True, False])
def test_a_placeholder_gets_its_content(connection: Connection, together: bool) -> None:
    if together:
        drained(connection, bodies.body([placeholder(), image()]))
    else:
        drained(connection, bodies.body([placeholder()]))
        drained(connection, bodies.body([image()]))
    message = Message.objects.get()
    assert (message.kind, message.text, message.is_placeholder) == ("image", "Our shop", False)
    assert Media.objects.get().provider_id == "77"
    assert set(InboundItem.objects.values_list("outcome", "message_id")) == {
        ("applied", message.pk)
    }
    assert message.changed_seq == message.conversation.head_seq
    assert balance().balanced


def test_a_placeholder_does_not_undo_its_content(connection: Connection) -> None:
    drained(connection, bodies.body([image()]))
    drained(connection, bodies.body([placeholder()]), bodies.body([image()]))
    assert Message.objects.get().kind == "image"
    assert list(InboundItem.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "applied",
        "duplicate",
        "duplicate",
    ]


def test_a_group_is_kept_apart_from_its_members(connection: Connection) -> None:
    in_group = bodies.text("wamid.2") | {"group_id": "group.1"}
    other = bodies.text("wamid.3", sender="351910000099") | {"group_id": "group.1"}
    drained(connection, bodies.body([bodies.text("wamid.1"), in_group, other]))
    assert Conversation.objects.count() == 2
    group = Conversation.objects.get(contact__identities__kind="group")
    senders = group.messages.order_by("seq").values_list("sender__name", flat=True)
    assert list(senders) == ["Customer 351910000042", "Customer 351910000099"]
    alone = Message.objects.get(provider_id="wamid.1")
    assert alone.sender is None
    assert alone.conversation.contact == group.messages.order_by("seq").first().sender


def test_an_answer_that_came_before_its_question_is_linked(connection: Connection) -> None:
    answer = bodies.text("wamid.2") | {"context": {"id": "wamid.1", "from": CARLA}}
    drained(connection, bodies.body([answer]))
    drained(connection, bodies.body([bodies.text("wamid.1")]))
    linked = Message.objects.get(provider_id="wamid.2")
    assert linked.reply_to.provider_id == "wamid.1"
    assert linked.changed_seq == linked.conversation.head_seq == 3


def test_files_become_rows_once(connection: Connection) -> None:
    drained(connection, bodies.body([image()]), bodies.body([image()]))
    media = Media.objects.get()
    assert (media.state, media.kind, media.mime_type) == ("waiting", "image", "image/jpeg")
    gone = bodies.text("wamid.2") | {"type": "video", "errors": [{"title": "Too large"}]}
    drained(connection, bodies.body([gone | {"video": {"mime_type": "video/mp4"}}]))
    failed = Media.objects.get(message__provider_id="wamid.2")
    assert (failed.state, failed.error_title) == ("failed", "Too large")


def test_a_filled_placeholder_answers_what_its_content_answers(connection: Connection) -> None:
    question = bodies.text("wamid.0")
    drained(connection, bodies.body([question]), bodies.body([placeholder()]))
    drained(connection, bodies.body([image() | {"context": {"id": "wamid.0"}}]))
    assert Message.objects.get(provider_id="wamid.1").reply_to.provider_id == "wamid.0"


def test_an_edit_of_a_placeholder_stays_when_the_content_comes(connection: Connection) -> None:
    body = {"original_message_id": "wamid.1", "message": {"image": {"caption": "New", "id": "77"}}}
    change = bodies.text("wamid.2", at=SOME_TIME + 5) | {"type": "edit", "edit": body}
    drained(connection, bodies.body([placeholder()]))
    drained(connection, bodies.body([change]))
    drained(connection, bodies.body([image()]))
    message = Message.objects.get(provider_id="wamid.1")
    assert (message.text, message.original["text"]) == ("New", "Our shop")


def test_a_placeholder_of_nobody_takes_its_writer_from_the_content(connection: Connection) -> None:
    nobody = {key: value for key, value in placeholder().items() if key != "from"}
    value = json.loads(bodies.body([image()]))
    value["entry"][0]["changes"][0]["value"]["messages"].insert(0, nobody)
    del value["entry"][0]["changes"][0]["value"]["contacts"]
    drained(connection, json.dumps(value).encode())
    assert Message.objects.get().kind == "image"
    assert balance().balanced


def test_a_status_may_come_before_the_echo_it_is_of(connection: Connection) -> None:
    echo = bodies.text("wamid.9", sender=OURS) | {"to": CARLA}
    drained(connection, bodies.body(statuses=[bodies.status("wamid.9", "delivered")]))
    drained(connection, bodies.body(echoes=[echo]))
    message = Message.objects.get()
    assert (message.status, message.receipts.count()) == ("delivered", 1)
    assert message.changed_seq == message.conversation.head_seq


@pytest.mark.parametrize("order", list(permutations(["in10", "echo15", "in20"])), ids="-".join)
@pytest.mark.parametrize("together", [True, False])
def test_who_waits_is_decided_by_time(
    connection: Connection, order: tuple[str, ...], together: bool
) -> None:
    made = {
        "in10": bodies.body([bodies.text("wamid.10", at=SOME_TIME + 10)]),
        "in20": bodies.body([bodies.text("wamid.20", at=SOME_TIME + 20)]),
        "echo15": bodies.body(
            echoes=[bodies.text("wamid.15", sender=OURS, at=SOME_TIME + 15) | {"to": CARLA}]
        ),
    }
    for batch in [order] if together else [[name] for name in order]:
        drained(connection, *(made[name] for name in batch))
    assert Conversation.objects.get().waiting_since.timestamp() == SOME_TIME + 20
