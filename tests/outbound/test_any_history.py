"""Whatever happens, in any order: each message is taken at most once, and ends known or shown."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from outbound import claims
from outbound.dispatch import dispatch_due
from outbound.models import Breaker, Lane, OutboxEntry, SendAttempt
from tests.outbound import graph as fake
from tests.outbound.conftest import abandon_claims, age_dispatch, make_due, write
from tests.outbound.graph import FakeGraph

pytestmark = pytest.mark.django_db(transaction=True)

BEHAVIOURS = {
    "accept": fake.accept,
    "accept and drop": fake.accept_and_drop,
    "refuse": fake.refuse(131026),
    "throttle": fake.refuse(131056),
    "busy": fake.refuse(2, status=503),
    "unclear": fake.refuse(131000, status=500),
    "bad gateway": fake.plain(502),
}
STEPS = ["write", "die before the fence", "die after the fence", "expire", "wait", "age"]


def take(step: str, ready: Conversation, graph: FakeGraph) -> None:
    """One thing that may happen."""
    if step == "write":
        write(ready, str(Message.objects.count()))
    elif step == "die before the fence":
        claims.claim(limit=10)
    elif step == "die after the fence":
        claims.fence(claims.claim(limit=10).claims)
    elif step == "expire":
        abandon_claims()
    elif step == "wait":
        make_due_unless_held()
    elif step == "age":
        age_unless_claimed()
    else:
        graph.next.append(BEHAVIOURS[step])
        dispatch_due(limit_seconds=5)


def make_due_unless_held() -> None:
    """Time passes for what waits; claims and holds keep theirs."""
    OutboxEntry.objects.filter(state__in=["waiting", "throttled"]).update(due_at=Now())
    Lane.objects.filter(due_at__isnull=False, claimed_until__isnull=True).update(due_at=Now())


def age_unless_claimed() -> None:
    """A minute passes for what is being confirmed."""
    if not Lane.objects.filter(claimed_until__isnull=False).exists():
        age_dispatch()


def quiesce(graph: FakeGraph) -> None:
    """Let everything come to its end with a provider that works."""
    graph.default = fake.accept
    graph.next.clear()
    for _ in range(20):
        abandon_claims()
        make_due()
        age_dispatch()
        dispatch_due(limit_seconds=5)
        if not OutboxEntry.objects.filter(finished_at__isnull=True).exists():
            return


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from([*STEPS, *BEHAVIOURS]), max_size=14))
def test_no_history_sends_twice_or_loses(
    ready: Conversation, graph: FakeGraph, steps: list[str]
) -> None:
    graph.reset()
    # Failures of one history are none of the next one's.
    Breaker.objects.all().delete()
    Lane.objects.all().delete()
    Message.objects.all().delete()
    for step in ["write", "write", *steps]:
        take(step, ready, graph)
    quiesce(graph)
    taken = Counter(graph.accepted)
    assert max(taken.values(), default=0) <= 1
    assert graph.accepted == sorted(graph.accepted, key=int), "never out of order"
    for message in Message.objects.all():
        times = taken[message.text]
        assert message.status in {"accepted", "failed", "needs_review"}
        assert times == 1 or message.status != "accepted"
        assert times == 0 or message.status != "failed"
    assert not SendAttempt.objects.filter(state__in=["intent", "dispatching"]).exists()
