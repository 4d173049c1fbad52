"""What a limit does to messages that want to leave."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from messaging.models import Channel, Connection, Conversation, Message
from messaging.sql import execute
from outbound import claims, due, heads, limits
from outbound.dispatch import dispatch_due
from outbound.limits import quotas
from outbound.limits.rates import Ask
from outbound.models import Lane, OutboxEntry, Quota, SendAttempt
from tests import factories
from tests.outbound import graph as fake
from tests.outbound.conftest import entry_of, in_thread, make_due, open_window, states, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)


def another(channel: Channel, number: int) -> Conversation:
    """A conversation with somebody else, its window open."""
    contact = factories.ContactFactory(organization=channel.organization)
    factories.ContactIdentityFactory(contact=contact, value=f"3519311{number:05}")
    row = factories.ConversationFactory(channel=channel, contact=contact)
    open_window(row)
    return row


def elsewhere(graph: FakeGraph) -> Channel:
    """A channel of another organisation at the same provider."""
    return factories.ChannelFactory(connection=factories.ConnectionFactory(base_url=graph.url))


def claim_some(limit: int) -> claims.Claimed:
    """One claim that found something."""
    until = time.monotonic() + 10
    while not (claimed := claims.claim(limit=limit)).claims:
        assert time.monotonic() < until
    return claimed


def test_the_46th_message_to_one_customer_waits_without_an_attempt(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "PAIR_SECONDS", 600.0)  # no place grows back while the test runs
    messages = [write(ready, str(number)) for number in range(47)]
    dispatch_due(limit_seconds=60)
    assert len(graph.accepted) == 45
    waiting = entry_of(messages[45])
    assert (waiting.state, waiting.waits_for) == ("throttled", "pair_limit")
    assert waiting.throttle_count == 0
    assert states(messages[45]) == []
    assert timedelta(0) < waiting.due_at - timezone.now() < timedelta(seconds=600)
    assert Lane.objects.get().due_at == waiting.due_at
    messages[45].refresh_from_db()
    assert (messages[45].status, messages[45].error_code) == ("pending", "pair_limit")
    make_due()
    dispatch_due(limit_seconds=5)
    messages[45].refresh_from_db()
    assert (messages[45].status, messages[45].error_code) == ("accepted", "")
    assert entry_of(messages[45]).waits_for == ""


def test_a_pair_gets_one_place_every_six_seconds(ready: Conversation, graph: FakeGraph) -> None:
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    used_up = timezone.now() + timedelta(seconds=44 * 6)
    Lane.objects.update(pair_at=used_up)
    write(ready, "two")
    dispatch_due(limit_seconds=5)
    write(ready, "three")
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["one", "two"]
    due_at = Lane.objects.get().due_at
    assert due_at is not None
    assert due_at - used_up == timedelta(seconds=6 - 44 * 6)


def test_a_pair_is_not_counted_where_nothing_leaves(ready: Conversation, graph: FakeGraph) -> None:
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    before = Lane.objects.get().pair_at
    assert before is not None
    Lane.objects.update(due_at=Now())
    while Lane.objects.filter(due_at__isnull=False).exists():
        claims.claim(limit=10)
    assert Lane.objects.get().pair_at == before


def test_a_pair_the_provider_throttles_has_no_burst_left(
    ready: Conversation, graph: FakeGraph
) -> None:
    graph.next.append(fake.refuse(131056))
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    assert Lane.objects.filter(pair_at__gt=Now() + timedelta(seconds=43 * 6)).exists()
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("pending", "131056")


def test_a_number_the_provider_throttles_is_slowed(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.append(fake.refuse(130429))
    write(ready, "one")
    dispatch_due(limit_seconds=5)
    ask = Ask(channel_id=ready.channel_id, throughput=80, count=1)
    [grant] = limits.take([ask])
    assert grant.rate < 70


def test_claims_stop_at_what_the_number_allows(
    ready: Conversation, graph: FakeGraph, channel: Channel
) -> None:
    for number in range(40):
        write(another(channel, number), str(number))
    first = claim_some(200)
    assert 18 <= len(first.claims) <= 20
    assert 0 < first.rests[channel.pk] <= 0.15
    assert SendAttempt.objects.count() == len(first.claims)
    places = [each.slot.at for each in first.claims if each.slot]
    assert places == sorted(places)
    assert due.demands(most=10, without=[channel.pk]) == []


def test_a_full_number_holds_up_no_other(ready: Conversation, graph: FakeGraph) -> None:
    for number in range(60):
        write(another(ready.channel, number), f"flood {number}")
    other = elsewhere(graph)
    write(another(other, 99), "reply")
    claimed = claim_some(30)
    assert any(each.channel_id == other.pk for each in claimed.claims)


def test_live_leaves_before_bulk(ready: Conversation, graph: FakeGraph, channel: Channel) -> None:
    for number in range(50):
        write(another(channel, number), f"bulk {number}", urgency=1)
    for number in range(50, 55):
        write(another(channel, number), f"live {number}")
    claimed = claim_some(200)
    texts = dict(Message.objects.values_list("pk", "text"))
    assert all(texts[each.message_id].startswith("live") for each in claimed.claims[:5])


def test_a_full_number_costs_no_queries_while_it_rests(
    ready: Conversation, graph: FakeGraph, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(90):
        write(another(channel, number), str(number))
    calls: list[int] = []
    claim = claims.claim

    def counted(**room: Any) -> Any:
        claimed = claim(**room)
        calls.append(len(claimed.claims))
        return claimed

    monkeypatch.setattr(claims, "claim", counted)
    dispatch_due(limit_seconds=20)
    assert len(graph.accepted) == 90
    assert len([count for count in calls if count]) <= 20


def test_a_quota_is_never_exceeded_and_the_rest_waits(
    ready: Conversation, graph: FakeGraph, channel: Channel
) -> None:
    quotas.set_limit(channel.organization_id, period="day", limit=3)
    messages = [write(another(channel, number), str(number)) for number in range(5)]
    dispatch_due(limit_seconds=10)
    assert len(graph.accepted) == 3
    waiting = OutboxEntry.objects.filter(finished_at__isnull=True)
    usage = quotas.usage(channel.organization_id)["day"]
    assert {(entry.state, entry.waits_for) for entry in waiting} == {
        ("throttled", "quota_exceeded")
    }
    assert SendAttempt.objects.count() == 3
    assert (usage.used, usage.remaining, usage.is_spent) == (3, 0, True)
    assert all(entry.due_at <= usage.resets_at for entry in waiting)
    shown = Message.objects.filter(error_code="quota_exceeded", status="pending")
    assert shown.count() == 2
    quotas.set_limit(channel.organization_id, period="day", limit=4)
    dispatch_due(limit_seconds=10)
    assert len(graph.accepted) == 4
    quotas.set_limit(channel.organization_id, period="day", limit=None)
    dispatch_due(limit_seconds=10)
    assert sorted(graph.accepted) == sorted(message.text for message in messages)


def test_what_did_not_leave_is_not_counted(ready: Conversation, graph: FakeGraph) -> None:
    graph.next.extend([fake.refuse(131026), fake.refuse(131016, status=500), fake.accept_and_drop])
    for text in ("refused", "busy"):
        write(ready, text)
        dispatch_due(limit_seconds=5)
    assert quotas.usage(ready.organization_id)["month"].used == 0
    write(another(ready.channel, 1), "unknown")
    dispatch_due(limit_seconds=5)
    assert quotas.usage(ready.organization_id)["month"].used == 1


def test_a_claim_that_died_before_the_fence_is_not_counted(ready: Conversation) -> None:
    write(ready, "one")
    claim_some(10)
    assert quotas.usage(ready.organization_id)["day"].used == 1
    past = Now() - timedelta(seconds=1)
    Lane.objects.update(claimed_until=past, due_at=past)
    claim_some(10)
    assert quotas.usage(ready.organization_id)["day"].used == 1


def test_a_new_period_begins_at_nothing(ready: Conversation) -> None:
    quotas.set_limit(ready.organization_id, period="day", limit=2)
    assert quotas.take({ready.organization_id: 5}) == {ready.organization_id: 2}
    assert quotas.take({ready.organization_id: 5}) == {ready.organization_id: 0}
    Quota.objects.filter(period="day").update(period_start=Now() - timedelta(days=1))
    assert quotas.take({ready.organization_id: 5}) == {ready.organization_id: 2}
    assert quotas.usage(ready.organization_id)["month"].used == 4


def test_periods_begin_in_utc_whatever_the_session_says(ready: Conversation) -> None:
    execute("SET TIME ZONE 'Pacific/Kiritimati'")
    try:
        usage = quotas.usage(ready.organization_id)
    finally:
        execute("SET TIME ZONE 'UTC'")
    tomorrow = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert usage["day"].resets_at == tomorrow


def test_eight_at_once_take_no_more_than_the_quota(ready: Conversation) -> None:
    organization_id, barrier, granted = ready.organization_id, Barrier(8), list[int]()
    quotas.set_limit(organization_id, period="month", limit=50)

    def work() -> None:
        barrier.wait(10)
        granted.extend(quotas.take({organization_id: 3})[organization_id] for _ in range(5))

    nested: Any = work
    for _ in range(7):
        nested = partial(beside, work, nested)
    nested()
    assert sum(granted) == 50
    assert quotas.usage(organization_id)["month"].used == 50


def beside(work: Any, rest: Any) -> None:
    with in_thread(work):
        rest()


def test_what_waits_for_the_quota_is_given_up_at_its_deadline(
    ready: Conversation, graph: FakeGraph
) -> None:
    quotas.set_limit(ready.organization_id, period="day", limit=0)
    message = write(ready, "one")
    dispatch_due(limit_seconds=2)
    entry = entry_of(message)
    assert entry.state == "throttled"
    OutboxEntry.objects.update(deadline_at=Now() - timedelta(seconds=1))
    make_due()
    dispatch_due(limit_seconds=2)
    message.refresh_from_db()
    assert (message.status, graph.asked) == ("failed", [])
    assert quotas.usage(ready.organization_id)["day"].used == 0


def test_who_comes_too_late_for_their_place_gets_another(
    ready: Conversation, graph: FakeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    from outbound import departures

    prepare = departures.prepare

    def slowly(found: Any) -> Any:
        time.sleep(0.3 if found else 0)
        return prepare(found)

    monkeypatch.setattr(departures, "prepare", slowly)
    for number in range(30):
        write(another(ready.channel, number), str(number))
    dispatch_due(limit_seconds=20)
    make_due()
    monkeypatch.undo()
    dispatch_due(limit_seconds=20)
    assert len(set(graph.accepted)) == len(graph.accepted) == 30


def test_unofficial_providers_know_no_pairs(connection: Connection, channel: Channel) -> None:
    Connection.objects.filter(pk=connection.pk).update(kind="waha")
    write(another(channel, 1), "one")
    [demand] = due.demands(most=10)
    assert not demand.has_pairs
    claim_some(10)
    assert Lane.objects.get().pair_at is None
