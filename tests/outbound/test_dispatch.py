"""What becomes of one message, by what the provider answers."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from messaging.models import (
    Channel,
    Connection,
    ContactIdentity,
    Conversation,
    IdentityKind,
    Message,
    Receipt,
)
from messaging.providers import PROVIDERS
from messaging.secrets import ConnectionSecrets
from outbound.claims import new_attempt_id
from outbound.departures import callback_data
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from tests.factories import MessageFactory
from tests.outbound import graph as fake
from tests.outbound.conftest import age_dispatch, entry_of, make_due, open_window, states, write
from tests.outbound.graph import Behaviour, FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_accepted_message_has_its_id_everywhere(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "Good morning")
    assert dispatch_due(limit_seconds=5) == 1
    message.refresh_from_db()
    attempt = SendAttempt.objects.get()
    assert (message.status, attempt.state) == ("accepted", "accepted")
    assert message.provider_id == attempt.provider_id == "wamid.graph" + attempt.provider_id[11:]
    assert entry_of(message).finished_at is not None
    assert Lane.objects.get().due_at is None
    assert message.changed_seq > message.seq


def test_the_request_carries_address_token_and_attempt(
    ready: Conversation, graph: FakeGraph, channel: Channel
) -> None:
    write(ready, "Good morning")
    dispatch_due(limit_seconds=5)
    [asked] = graph.asked
    attempt = SendAttempt.objects.get()
    assert asked.path == f"/v25.0/{channel.external_id}/messages"
    assert asked.authorization == "Bearer access-token"
    assert asked.body["to"] == "+351910000042"
    assert asked.body["biz_opaque_callback_data"] == callback_data(attempt.attempt_id)


def test_callback_data_names_the_attempt_and_only_we_can_sign_it(settings: Settings) -> None:
    attempt_id = new_attempt_id()
    ours = callback_data(attempt_id)
    version, named, signature = ours.split(".")
    assert (version, UUID(named), len(signature)) == ("v1", attempt_id, 16)
    assert len(ours) <= 256
    settings.SECRET_KEY = "another" * 10
    assert callback_data(attempt_id) != ours


def test_attempt_ids_are_of_version_seven_and_grow() -> None:
    first, second = new_attempt_id(), new_attempt_id()
    assert (first.version, first.variant) == (7, second.variant)
    assert first.int >> 80 <= second.int >> 80


def test_a_contact_without_phone_is_written_to_by_bsuid(
    ready: Conversation, graph: FakeGraph, connection: Connection
) -> None:
    ContactIdentity.objects.update(
        kind=IdentityKind.BSUID, value="US.1349", scope=f"connection:{connection.pk}"
    )
    write(ready, "Good morning")
    dispatch_due(limit_seconds=5)
    assert graph.asked[0].body["recipient"] == "US.1349"
    assert "to" not in graph.asked[0].body


def test_a_quoted_reply_names_what_it_answers(ready: Conversation, graph: FakeGraph) -> None:
    question = MessageFactory(conversation=ready, provider_id="wamid.question")
    message = write(ready, "Yes")
    Message.objects.filter(pk=message.pk).update(reply_to=question)
    dispatch_due(limit_seconds=5)
    assert graph.asked[0].body["context"] == {"message_id": "wamid.question"}


@pytest.mark.parametrize(("code", "status"), [(131026, 400), (368, 403), (131049, 500)])
def test_a_refusal_fails_the_message_and_frees_the_lane(
    ready: Conversation, graph: FakeGraph, code: int, status: int
) -> None:
    graph.next.append(fake.refuse(code, status=status))
    message, following = write(ready, "one"), write(ready, "two")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", str(code))
    assert message.error_title == f"(#{code}) refused"
    assert states(message) == ["rejected"]
    assert following.status == "accepted"


@pytest.mark.parametrize("code", [4, 80007, 130429, 131056])
def test_a_throttle_waits_holds_the_lane_and_spends_nothing(
    ready: Conversation, graph: FakeGraph, code: int
) -> None:
    graph.next.append(fake.refuse(code))
    message = write(ready, "one")
    write(ready, "two")
    dispatch_due(limit_seconds=5)
    entry = entry_of(message)
    assert (entry.state, entry.attempt_count, entry.throttle_count) == ("throttled", 0, 1)
    assert Lane.objects.get().due_at == entry.due_at > timezone.now()
    assert graph.accepted == []
    make_due()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one", "two"]
    assert states(message) == ["not_sent", "accepted"]


def test_a_throttle_waits_as_long_as_it_is_told(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.append(fake.refuse(130429, headers={"Retry-After": "300"}))
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    left = entry_of(message).due_at - timezone.now()
    assert timedelta(seconds=290) < left <= timedelta(seconds=300)


def test_a_busy_provider_is_tried_five_times_and_no_more(
    ready: Conversation, graph: FakeGraph
) -> None:
    graph.default = fake.refuse(131016, status=500)
    message, following = write(ready, "one"), write(ready, "two")
    for attempt in range(1, 5):
        dispatch_due(limit_seconds=5)
        assert (entry_of(message).state, len(graph.asked)) == ("waiting", attempt)
        make_due()
    graph.next.extend([graph.default, fake.accept])
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert states(message) == ["not_sent"] * 5
    assert (message.status, message.error_code) == ("failed", "131016")
    assert following.status == "accepted"


def test_no_connection_is_not_a_send(ready: Conversation, connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(base_url="http://127.0.0.1:9")
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    assert states(message) == ["not_sent"]
    entry = entry_of(message)
    assert (entry.state, entry.attempt_count) == ("waiting", 1)
    assert timedelta(0) < entry.due_at - timezone.now() < timedelta(seconds=2.5)


AMBIGUOUS = {
    "dropped": fake.accept_and_drop,
    "5xx without a body": fake.plain(502),
    "garbage": fake.plain(200, "<html>"),
    "no id": fake.plain(200, "{}"),
    "redirect": fake.plain(307),
    "code 1": fake.refuse(1, status=500),
    "code 131000": fake.refuse(131000, status=500),
}


@pytest.mark.parametrize("behaviour", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_an_unknown_outcome_holds_the_lane_then_goes_to_a_person(
    ready: Conversation, graph: FakeGraph, behaviour: Behaviour
) -> None:
    graph.next.append(behaviour)
    message, following = write(ready, "one"), write(ready, "two")
    dispatch_due(limit_seconds=5)
    dispatched_at = SendAttempt.objects.get().dispatched_at
    assert dispatched_at is not None
    assert states(message) == ["unknown"]
    assert Lane.objects.get().due_at == dispatched_at + timedelta(seconds=60)
    assert len(graph.asked) == 1
    age_dispatch()
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert (message.status, message.error_code) == ("needs_review", "unconfirmed")
    assert entry_of(message).state == "needs_review"
    assert following.status == "accepted"
    assert [asked.text for asked in graph.asked] == ["one", "two"]


def test_live_does_not_pass_an_unknown_bulk_message(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.append(fake.accept_and_drop)
    write(ready, "bulk", urgency=1)
    dispatch_due(limit_seconds=5)
    write(ready, "live")
    dispatch_due(limit_seconds=5)
    assert [asked.text for asked in graph.asked] == ["bulk"]


@pytest.mark.parametrize(
    "reason",
    [
        "window_closed",
        "no_access_token",
        "channel_inactive",
        "kind_unsupported",
        "no_recipient",
    ],
)
def test_a_failed_check_fails_the_message_before_it_leaves(
    ready: Conversation, graph: FakeGraph, connection: Connection, reason: str
) -> None:
    message = write(ready, "one")
    if reason == "window_closed":
        open_window(ready, hours=-0.001)
    elif reason == "no_access_token":
        connection.secrets = ConnectionSecrets(app_secret="x")
        connection.save(update_fields=["sealed_secrets"])
    elif reason == "channel_inactive":
        Channel.objects.update(is_active=False)
    elif reason == "kind_unsupported":
        Message.objects.filter(pk=message.pk).update(kind="poll")
    else:
        ContactIdentity.objects.all().delete()
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", reason)
    assert states(message) == ["not_sent"]
    assert graph.asked == []


def test_a_provider_that_cannot_send_fails_the_message(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(ready, "one")
    monkeypatch.setitem(PROVIDERS, "cloud", replace(PROVIDERS["cloud"], sending=None))
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("failed", "provider_unsupported")
    assert graph.asked == []


def test_a_worker_with_the_wrong_key_fails_nothing(
    ready: Conversation, graph: FakeGraph, connection: Connection
) -> None:
    message = write(ready, "one")
    readable = connection.sealed_secrets
    Connection.objects.filter(pk=connection.pk).update(sealed_secrets="of another key")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert (message.status, states(message), graph.asked) == ("pending", ["not_sent"], [])
    Connection.objects.filter(pk=connection.pk).update(sealed_secrets=readable)
    make_due()
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one"]


def test_a_receipt_that_was_faster_than_the_answer_is_bound(
    ready: Conversation, graph: FakeGraph, channel: Channel
) -> None:
    graph.next.append(fake.same_id("wamid.fast"))
    message = write(ready, "one")
    Receipt.objects.create(
        channel=channel, provider_id="wamid.fast", status="delivered", received_at=timezone.now()
    )
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "delivered"
    assert Receipt.objects.get().message == message


def test_an_id_given_twice_troubles_only_the_second(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.extend([fake.same_id("wamid.twice"), fake.same_id("wamid.twice")])
    first, second = write(ready, "one"), write(ready, "two")
    dispatch_due(limit_seconds=5)
    first.refresh_from_db()
    assert (first.status, first.provider_id) == ("accepted", "wamid.twice")
    assert states(second) == ["unknown"]
    assert SendAttempt.objects.get(entry__message=second).error_code == "id_reused"


def test_the_loop_works_until_nothing_is_due(ready: Conversation, graph: FakeGraph) -> None:
    for number in range(12):
        write(ready, str(number))
    started = time.monotonic()
    assert dispatch_due(limit_seconds=30) == 12
    assert time.monotonic() - started < 10
    assert not OutboxEntry.objects.filter(finished_at__isnull=True).exists()
    assert not Lane.objects.filter(due_at__lte=Now()).exists()
