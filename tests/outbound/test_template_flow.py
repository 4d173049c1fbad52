"""A template's whole way: allowed and sent, or stopped by what the customer or WhatsApp said."""

from __future__ import annotations

from typing import Any

import pytest

from inbox import replies
from inbox.refusals import ConsentNeeded
from inbox.reply_content import Reply
from messaging.models import Connection, Contact, Conversation, Membership, Message, User
from messaging.providers.cloud.encoding import encode
from messaging.providers.outgoing import Outgoing, Recipient
from outbound import consent_news, dispatch
from outbound.models import Consent, ConsentAction, MessageTemplate, SendAttempt, SendingPolicy
from tests.inbox.templates import agreed, approved, asked, said
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.outbound.graph import FakeGraph, refuse, same_id

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(ready: Conversation, graph: FakeGraph) -> Conversation:
    """Carla's conversation at the fake Graph, its window closed, one template approved."""
    Conversation.objects.update(window_expires_at=None)
    ready.channel.external_id = bodies.NUMBER_ID
    ready.channel.save()
    approved(ready.channel.connection)
    graph.default = same_id("wamid.sent")
    return ready


def send(place: Conversation, alice: User, key: str = "t", **fields: Any) -> Message:
    membership = Membership.objects.select_related("user").get(user=alice)
    reply = Reply(client_message_id=key, kind="template", content={"template": asked()})
    return replies.send_reply(membership, place.pk, reply)[0]


def dispatched(message: Message) -> tuple[str, str]:
    dispatch.dispatch_due(limit_seconds=10)
    message.refresh_from_db()
    return message.status, message.error_code


def hear(connection: Connection, **items: Any) -> None:
    deliver(connection, bodies.body(**items))
    drain_all(connection)
    consent_news.absorb()


def test_with_consent_it_leaves_and_is_delivered(place, alice, carla, graph) -> None:
    agreed(carla)
    message = send(place, alice)
    assert dispatched(message) == ("accepted", "")
    [asked_for] = graph.asked
    golden = encode_like(message)
    assert {key: asked_for.body[key] for key in golden} == golden
    hear(place.channel.connection, statuses=[bodies.status("wamid.sent", "delivered")])
    message.refresh_from_db()
    assert message.status == "delivered"


def encode_like(message: Message) -> dict[str, Any]:
    recipient = Recipient(kind="phone", value="351910000042")
    return encode(Outgoing(kind="template", text="", recipient=recipient, content=message.content))


def test_without_consent_nothing_is_even_queued(place, alice, graph) -> None:
    with pytest.raises(ConsentNeeded) as refusal:
        send(place, alice)
    assert refusal.value.code == "consent_missing"
    assert not SendAttempt.objects.exists()


def test_a_no_that_comes_while_it_waits_stops_it(place, alice, carla, graph) -> None:
    agreed(carla)
    message = send(place, alice)
    said(carla, ConsentAction.REVOKED)
    assert dispatched(message) == ("failed", "consent_revoked")
    assert graph.asked == []


def test_a_policy_that_was_made_stricter_counts_too(place, alice, settings, graph) -> None:
    settings.CONSENT_POLICY = "marketing"
    message = send(place, alice)
    SendingPolicy.objects.create(organization=place.organization, consent_policy="templates")
    assert dispatched(message) == ("failed", "consent_missing")


def test_stop_is_heard_and_blocks_the_next_one(place, alice, carla, graph) -> None:
    agreed(carla)
    assert dispatched(send(place, alice))[0] == "accepted"
    hear(place.channel.connection, messages=[bodies.text("wamid.in", body="PARAR")])
    Consent.objects.filter(action="granted").update(at=Consent.objects.last().at)
    with pytest.raises(ConsentNeeded) as refusal:
        send(place, alice, "again")
    assert refusal.value.code == "consent_revoked"
    assert len(graph.asked) == 1


def test_131050_in_the_answer_ends_offers_to_this_person(place, alice, carla, graph) -> None:
    agreed(carla)
    MessageTemplate.objects.update(category="MARKETING")
    graph.next.append(refuse(131050))
    assert dispatched(send(place, alice)) == ("failed", "131050")
    assert consent_news.absorb() == 1
    with pytest.raises(ConsentNeeded):
        send(place, alice, "again")
    MessageTemplate.objects.update(category="UTILITY")
    assert dispatched(send(place, alice, "order"))[0] == "accepted"
    assert Contact.objects.get(pk=carla.pk).opted_out_at is not None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("PAUSED", "template_paused"),
        ("REJECTED", "template_rejected"),
        ("DISABLED", "template_disabled"),
        ("DELETED", "template_gone"),
        ("PENDING", "template_pending"),
    ],
)
def test_a_template_stopped_meanwhile_does_not_leave(
    place, alice, carla, graph, status, code
) -> None:
    agreed(carla)
    message = send(place, alice)
    MessageTemplate.objects.update(status=status)
    assert dispatched(message) == ("failed", code)
    assert graph.asked == []


def test_a_word_nobody_knows_yet_stops_nothing(place, alice, carla) -> None:
    agreed(carla)
    message = send(place, alice)
    MessageTemplate.objects.update(status="REINSTATED")
    assert dispatched(message)[0] == "accepted"
