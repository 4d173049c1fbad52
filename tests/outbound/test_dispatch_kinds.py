"""What is kept of a message of any kind is what leaves, through the whole path."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from messaging import timeline
from messaging.models import Conversation
from messaging.outgoing import Draft, compose
from outbound import outbox
from outbound.dispatch import dispatch_due
from tests.factories import MessageFactory
from tests.outbound.cloud_messages import BUTTONS, CARD, PLACE
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("location", {"location": PLACE}),
        ("contacts", {"contacts": [CARD]}),
        ("interactive", {"interactive": BUTTONS}),
        ("reaction", {"reaction": {"message_id": "wamid.theirs", "emoji": ""}}),
    ],
)
def test_it_leaves_as_it_was_kept(
    ready: Conversation, graph: FakeGraph, kind: str, content: dict[str, Any]
) -> None:
    theirs = MessageFactory(conversation=ready, provider_id="wamid.theirs")
    with transaction.atomic():
        locked = timeline.lock([ready.pk])[ready.pk]
        draft = Draft(kind=kind, text="", content=content, reply_to=theirs)
        message = compose(locked, draft)
        outbox.enqueue(message)
        timeline.publish([locked])
    assert dispatch_due(limit_seconds=5) == 1
    [asked] = graph.asked
    assert (asked.body["type"], asked.body[kind]) == (kind, content[kind])
    # A reaction names its message itself; everything else quotes it.
    assert ("context" in asked.body) == (kind != "reaction")
    message.refresh_from_db()
    assert message.status == "accepted"
