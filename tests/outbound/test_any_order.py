"""Answer, statuses, echo, the end of the hold and a person, in any order: one view."""

from __future__ import annotations

import random
from itertools import permutations

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message, Receipt
from messaging.providers.answers import Answer
from messaging.receipts import sweep_parked
from outbound import departures, evidence, recording
from outbound.claims import Claim
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from outbound.review import NotOpen
from outbound.surely import record_surely
from tests.messaging import bodies
from tests.outbound.conftest import abandon_claims, age_dispatch, states, write
from tests.outbound.graph import FakeGraph
from tests.outbound.news import echo, launch, proof, tell
from tests.outbound.test_review import decide
from tests.reliability import scale

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]
WAMID = "wamid.first"
STEPS = ("answer", "status with id", "status with wamid", "echo", "hold end")
ORDERS = list(permutations(STEPS))


class Play:
    """One message that left once, under WAMID, and what is heard of it."""

    def __init__(self, ready: Conversation, graph: FakeGraph) -> None:
        self.ready, self.graph = ready, graph
        self.message = write(ready, "one")
        self.claim: Claim = launch()
        # The lane may be moved by others from here on; what they send, the graph has.
        graph.asked.clear()

    def take(self, step: str) -> None:
        if step == "answer":
            [departure] = departures.prepare([self.claim])
            given = Answer(http_status=200, provider_id=WAMID)
            record_surely([recording.answered(departure, given)])
        elif step == "status with id":
            tell(self.ready, statuses=[proof(self.message, WAMID, "delivered", attempt=0)])
        elif step == "status with wamid":
            tell(self.ready, statuses=[bodies.status(WAMID, "sent")])
        elif step == "echo":
            tell(self.ready, echoes=[echo(WAMID)])
        elif step == "hold end":
            self.end_hold()
        elif step == "sweep":
            evidence.sweep()
            sweep_parked()
        else:
            self.decide(step)

    def decide(self, action: str) -> None:
        try:
            decide(self.message, action)
        except NotOpen:
            return
        dispatch_due(limit_seconds=5)

    def end_hold(self) -> None:
        abandon_claims()
        age_dispatch(100)
        for _ in range(2):
            dispatch_due(limit_seconds=5)

    def quiesce(self) -> None:
        for _ in range(2):
            evidence.sweep()
            sweep_parked()
            self.end_hold()

    def view(self) -> tuple[object, ...]:
        self.message.refresh_from_db()
        entry = OutboxEntry.objects.get(message=self.message)
        return (
            self.message.status,
            self.message.provider_id,
            self.message.error_code,
            entry.state,
            states(self.message),
            Message.objects.shown().count(),
            Receipt.objects.filter(message=self.message).count(),
            entry.sent_twice_at,
        )


def clear() -> None:
    Lane.objects.all().delete()
    Receipt.objects.all().delete()
    Message.objects.all().delete()


def test_every_order_shows_the_same(ready: Conversation, graph: FakeGraph) -> None:
    wanted = ("delivered", WAMID, "", "accepted", ["accepted"], 1, 2, None)
    count = min(scale.size(24, full=len(ORDERS)), len(ORDERS))
    chance = random.Random(scale.seed())  # noqa: S311 - chooses orders, protects nothing
    for order in chance.sample(ORDERS, count):
        clear()
        play = Play(ready, graph)
        for step in order:
            play.take(step)
        play.quiesce()
        assert play.view() == wanted, order
        assert graph.asked == [], "nothing was sent by itself"


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.permutations([*STEPS, "sweep", "send_again"]),
    lost=st.sets(st.sampled_from(["answer", "status with wamid", "echo"])),
)
def test_with_a_person_it_is_asked_once_for_each_press(
    ready: Conversation, graph: FakeGraph, order: list[str], lost: set[str]
) -> None:
    clear()
    play = Play(ready, graph)
    for step in order:
        if step not in lost:
            play.take(step)
    play.quiesce()
    entry = OutboxEntry.objects.get(message=play.message)
    status, provider_id, *_ = play.view()
    assert len(graph.asked) == len(states(play.message)) - 1 <= 1
    assert (status, entry.state) == ("delivered", "accepted")
    assert set(states(play.message)) == {"accepted"}
    assert (entry.sent_twice_at is not None) == bool(graph.asked)
    assert provider_id
    assert Message.objects.shown().count() == 1
    assert not SendAttempt.objects.filter(state__in=["intent", "dispatching"]).exists()
    assert not Receipt.objects.filter(message=None).exists()
    assert not Lane.objects.filter(due_at__lt=Now(), claimed_until=None).exists()
