"""Echoes of our own sends: whatever is first, there is one bubble."""

from __future__ import annotations

from functools import partial

import pytest

from messaging.apply import statuses
from messaging.apply.batch import Batch
from messaging.models import Conversation, Message, Receipt
from messaging.providers.answers import Answer
from outbound import departures, recording
from outbound.claims import Claim
from outbound.dispatch import dispatch_due
from outbound.surely import record_surely
from tests.factories import AmendmentFactory, ContactFactory, ConversationFactory, MessageFactory
from tests.messaging import bodies
from tests.outbound.conftest import entry_of, states, write
from tests.outbound.graph import FakeGraph, same_id
from tests.outbound.news import echo, launch, tell, together

pytestmark = pytest.mark.django_db(transaction=True)


def answer(claim: Claim, wamid: str) -> int:
    """The provider's answer, recorded by who sent it."""
    [departure] = departures.prepare([claim])
    outcome = recording.answered(departure, Answer(http_status=200, provider_id=wamid))
    return record_surely([outcome])


@pytest.fixture
def early(ready: Conversation, graph: FakeGraph) -> tuple[Message, Message, Claim]:
    """A message under way, its echo that was faster than the answer, and who waits for that."""
    message = write(ready, "one")
    claim = launch()
    tell(ready, echoes=[echo("wamid.1")])
    return message, Message.objects.get(provider_id="wamid.1"), claim


def test_an_echo_that_was_faster_gives_its_id_up(
    early: tuple[Message, Message, Claim], ready: Conversation
) -> None:
    message, echoed, claim = early
    ready.refresh_from_db()
    seen = ready.head_seq
    assert answer(claim, "wamid.1") == 1
    message.refresh_from_db()
    echoed.refresh_from_db()
    ready.refresh_from_db()
    assert (message.provider_id, message.status) == ("wamid.1", "accepted")
    assert (echoed.provider_id, echoed.duplicate_of_id) == (None, message.pk)
    assert echoed.changed_seq > seen, "who saw it must see it go"
    assert [*Message.objects.shown()] == [message]
    assert ready.last_message_id == message.pk


def test_what_hung_on_the_echo_hangs_on_the_message(
    early: tuple[Message, Message, Claim], ready: Conversation
) -> None:
    message, echoed, claim = early
    tell(ready, statuses=[bodies.status("wamid.1", "read")])
    reaction = AmendmentFactory(message=echoed, emoji="👍")
    ready.refresh_from_db()
    quote = MessageFactory(conversation=ready, reply_to=echoed, reply_to_provider_id="wamid.1")
    answer(claim, "wamid.1")
    for row in (message, reaction, quote):
        row.refresh_from_db()
    assert message.status == "read"
    assert Receipt.objects.get().message == message
    assert (reaction.message, quote.reply_to) == (message, message)
    assert quote.changed_seq > quote.seq


def test_a_status_that_met_the_echo_a_moment_before_reaches_the_message(
    early: tuple[Message, Message, Claim], ready: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, _, claim = early
    match = statuses.match

    def interrupted(batch: Batch) -> None:
        match(batch)
        together(lambda: answer(claim, "wamid.1"))

    monkeypatch.setattr(statuses, "match", interrupted)
    tell(ready, statuses=[bodies.status("wamid.1", "read")])
    message.refresh_from_db()
    assert message.status == "read"
    assert Receipt.objects.get().message == message


def test_an_echo_that_comes_later_finds_its_message(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.append(same_id("wamid.1"))
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    tell(ready, echoes=[echo("wamid.1")])
    assert [*Message.objects.all()] == [message]


def test_an_echo_that_is_told_again_stays_gone(
    early: tuple[Message, Message, Claim], ready: Conversation
) -> None:
    message, echoed, claim = early
    answer(claim, "wamid.1")
    tell(ready, echoes=[echo("wamid.1")])
    assert {*Message.objects.values_list("pk", flat=True)} == {message.pk, echoed.pk}


def test_an_echo_in_another_conversation_is_given_up_too(
    ready: Conversation, graph: FakeGraph
) -> None:
    other = ConversationFactory(
        channel=ready.channel, contact=ContactFactory(organization=ready.organization)
    )
    message = write(ready, "one")
    claim = launch()
    elsewhere = MessageFactory(
        conversation=other, direction="out", author_type="phone_app", provider_id="wamid.1"
    )
    answer(claim, "wamid.1")
    elsewhere.refresh_from_db()
    message.refresh_from_db()
    assert (elsewhere.duplicate_of_id, message.provider_id) == (message.pk, "wamid.1")


def test_a_customers_message_is_no_echo(ready: Conversation, graph: FakeGraph) -> None:
    MessageFactory(conversation=ready, provider_id="wamid.1")
    message = write(ready, "one")
    answer(launch(), "wamid.1")
    message.refresh_from_db()
    assert (message.provider_id, states(message)) == (None, ["unknown"])


def test_echo_and_answer_at_the_same_moment_make_one_bubble(
    ready: Conversation, graph: FakeGraph
) -> None:
    for number in range(10):
        message = write(ready, str(number))
        claim, wamid = launch(), f"wamid.{number}"
        found = together(
            partial(answer, claim, wamid),
            partial(tell, ready, echoes=[echo(wamid)]),
        )
        assert not [each for each in found if isinstance(each, Exception)]
        message.refresh_from_db()
        assert (message.provider_id, entry_of(message).state) == (wamid, "accepted")
        assert Message.objects.shown().count() == number + 1
