"""Messages that could not leave: kept, sent again once, or given up."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from messaging import dead_letters, receipts, timeline
from messaging.models import Conversation, DeadLetter, Message, Receipt
from messaging.receipts import Heard
from outbound import dead_letters as sends
from outbound import redriving
from outbound.dispatch import dispatch_due
from outbound.models import OutboxEntry, SendAttempt
from tests.factories import ContactIdentityFactory, ConversationFactory
from tests.outbound import graph as fake
from tests.outbound.conftest import entry_of, in_thread, make_due, open_window, states, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def fail(conversation: Conversation, graph: FakeGraph, text: str = "one") -> Message:
    graph.next.append(fake.refuse(131026))
    message = write(conversation, text)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "failed"
    return message


def letter_of(message: Message) -> DeadLetter:
    return DeadLetter.objects.get(message=message)


def test_a_failure_keeps_its_attempts_and_its_request_without_our_signature(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    letter = letter_of(message)
    assert (letter.source, letter.code, letter.state) == ("outbound", "131026", "failed")
    assert letter.channel_id == ready.channel_id
    assert "not on WhatsApp" in letter.reason
    assert letter.payload["request"]["text"]["body"] == "one"
    assert "biz_opaque_callback_data" not in letter.payload["request"]
    assert "access-token" not in str(letter.payload)
    [attempt] = letter.payload["attempts"]
    assert attempt["id"] == str(SendAttempt.objects.get().attempt_id)
    assert (attempt["outcome"], attempt["http_status"]) == ("rejected", 400)
    assert attempt["error"] == {"code": "131026", "title": "(#131026) refused", "details": "why"}


def test_what_was_stopped_before_it_left_is_a_letter_too(ready: Conversation) -> None:
    message = write(ready, "one")
    open_window(ready, hours=-1)
    dispatch_due(limit_seconds=5)
    letter = letter_of(message)
    assert (letter.code, letter.payload["request"], letter.attempts) == ("window_closed", None, 1)


def test_a_redrive_sends_once_and_resolves_the_letter(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    letter = letter_of(message)
    for _ in range(3):
        dead_letters.retry([letter.pk])
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("pending", "")
    entry = entry_of(message)
    assert (entry.state, entry.attempt_count, entry.finished_at) == ("waiting", 0, None)
    assert entry.deadline_at is not None
    assert entry.deadline_at > timezone.now() + timedelta(minutes=14)
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]
    letter.refresh_from_db()
    assert (letter.state, letter.due_at) == ("resolved", None)
    assert dead_letters.retry([letter.pk]) == 0
    dispatch_due(limit_seconds=1)
    assert graph.accepted == ["one"]


def test_failing_again_counts_on_the_same_letter(ready: Conversation, graph: FakeGraph) -> None:
    message = fail(ready, graph)
    first = letter_of(message)
    dead_letters.retry([first.pk])
    graph.next.append(fake.refuse(131049))
    dispatch_due(limit_seconds=5)
    letter = letter_of(message)
    assert (letter.pk, letter.code, letter.state) == (first.pk, "131049", "failed")
    assert letter.attempts == 2
    assert len(letter.payload["attempts"]) == 2
    assert letter.first_at == first.first_at < letter.last_at


def test_redrives_at_once_put_every_message_back_once(
    ready: Conversation, graph: FakeGraph, settings
) -> None:
    settings.DLQ_RETRY_RATE = 1000
    messages = [fail(ready, graph, f"{n}") for n in range(6)]
    ids = list(DeadLetter.objects.values_list("pk", flat=True))
    with in_thread(lambda: dead_letters.retry(ids)), in_thread(lambda: dead_letters.retry(ids)):
        dead_letters.retry(ids)
    assert OutboxEntry.objects.filter(state="waiting").count() == 6
    make_due()
    OutboxEntry.objects.update(ready_at=Now() - timedelta(seconds=1))
    dispatch_due(limit_seconds=5)
    assert sorted(graph.accepted) == [f"{n}" for n in range(6)]
    assert [states(message) for message in messages] == [["rejected", "accepted"]] * 6


def test_a_lane_keeps_its_order_and_its_pace(
    ready: Conversation, graph: FakeGraph, settings
) -> None:
    settings.DLQ_RETRY_RATE = 2
    messages = [fail(ready, graph, f"{n}") for n in range(4)]
    ids = list(DeadLetter.objects.order_by("-pk").values_list("pk", flat=True))
    dead_letters.retry(ids)
    entries = OutboxEntry.objects.order_by("ready_at")
    assert [entry.message_id for entry in entries] == [message.pk for message in messages]
    times = [entry.ready_at for entry in entries]
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert gaps == pytest.approx([0.5] * 3, abs=0.01)


def test_a_redrive_that_died_half_way_is_taken_up_by_the_sweep(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    DeadLetter.objects.update(state="retrying", due_at=Now())
    assert redriving.retry_due() == 1
    assert redriving.retry_due() == 0
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_letter_that_lags_behind_its_message_sends_nothing(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    letter = letter_of(message)
    dead_letters.retry([letter.pk])
    dispatch_due(limit_seconds=5)
    DeadLetter.objects.update(state="retrying", due_at=Now())
    assert redriving.retry_due() == 1
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]
    assert sends.sweep_settled() == 1
    assert letter_of(message).state == "resolved"


def test_a_discard_closes_letter_entry_and_message(ready: Conversation, graph: FakeGraph) -> None:
    message = fail(ready, graph)
    letter = letter_of(message)
    assert dead_letters.discard([letter.pk], by=None, reason="customer called") == 1
    message.refresh_from_db()
    letter.refresh_from_db()
    assert (message.status, message.error_code) == ("discarded", "131026")
    assert (letter.state, letter.closed_reason) == ("discarded", "customer called")
    assert entry_of(message).state == "discarded"
    assert dead_letters.retry([letter.pk]) == 0
    dispatch_due(limit_seconds=1)
    assert graph.accepted == []


def test_a_message_on_its_way_again_cannot_be_discarded(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    dead_letters.retry([letter_of(message).pk])
    assert dead_letters.discard([letter_of(message).pk], by=None, reason="x") == 0
    assert letter_of(message).state == "retrying"


def report_failed(message: Message, code: str = "131049") -> None:
    """What messaging does with a `failed` status of an accepted message."""
    message.refresh_from_db()
    Receipt.objects.create(
        channel=message.channel, message=message, provider_id=message.provider_id or "",
        status="failed", received_at=timezone.now(), error_code=code, error_title="Not delivered",
    )  # fmt: skip
    with transaction.atomic():
        conversations = timeline.lock([message.conversation_id])
        receipts.settle(message, [Heard("failed", code, "Not delivered")])
        receipts.write_states([message])
        timeline.publish(conversations.values())


def test_a_failure_reported_later_becomes_a_letter_and_may_be_sent_again(
    ready: Conversation, graph: FakeGraph, hinted: list[str]
) -> None:
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    report_failed(message)
    assert "outbound.tasks.keep_late_failures" in hinted
    assert (sends.sweep_late(), sends.sweep_late()) == (1, 0)
    letter = letter_of(message)
    assert (letter.code, letter.state, letter.attempts) == ("131049", "failed", 1)
    dead_letters.retry([letter.pk])
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one", "one"]
    message.refresh_from_db()
    assert (message.status, letter_of(message).state) == ("accepted", "resolved")
    assert sends.sweep_late() == 0
    assert OutboxEntry.objects.filter(sent_twice_at__isnull=False).count() == 0


def test_letters_of_other_lanes_are_untouched_by_one_lanes_redrive(
    ready: Conversation, graph: FakeGraph
) -> None:
    other = ConversationFactory(channel=ready.channel)
    ContactIdentityFactory(contact=other.contact)
    open_window(other)
    mine, theirs = fail(ready, graph), fail(other, graph, "two")
    dead_letters.retry([letter_of(mine).pk])
    assert (letter_of(mine).state, letter_of(theirs).state) == ("retrying", "failed")


def test_what_people_settle_elsewhere_closes_its_letter(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = fail(ready, graph)
    OutboxEntry.objects.filter(message=message).update(state="discarded")
    assert sends.sweep_settled() == 1
    assert letter_of(message).state == "discarded"


def test_a_wait_beyond_the_deadline_fails_now(ready: Conversation, graph: FakeGraph) -> None:
    graph.default = fake.refuse(130429, headers={"Retry-After": "3000"})
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "deadline")
    assert letter_of(message).code == "deadline"


def test_the_pace_holds_from_one_redrive_to_the_next(
    ready: Conversation, graph: FakeGraph, settings
) -> None:
    settings.DLQ_RETRY_RATE = 0.1
    messages = [fail(ready, graph, "0")]
    for number in (1, 2):
        other = ConversationFactory(channel=ready.channel)
        ContactIdentityFactory(contact=other.contact)
        open_window(other)
        messages.append(fail(other, graph, str(number)))
    for message in messages:
        dead_letters.retry([letter_of(message).pk])
    times = [entry_of(message).ready_at for message in messages]
    assert all(later - earlier > timedelta(seconds=9) for earlier, later in pairwise(times))
