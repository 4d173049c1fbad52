"""People decide about what nobody knows of; whoever is first, decides."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction
from django.db.models.functions import Now

from messaging import timeline
from messaging.models import Conversation, Message
from messaging.providers.answers import Answer
from outbound import claims, departures, evidence, lanes, recording, review
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt, SendingPolicy
from outbound.protocol import ENTRY_TRANSITIONS, By
from outbound.review import Action, NotOpen
from tests.outbound import graph as fake
from tests.outbound.conftest import abandon_claims, age_dispatch, entry_of, states, write
from tests.outbound.graph import FakeGraph
from tests.outbound.news import launch, parked, proof, tell, together

pytestmark = pytest.mark.django_db(transaction=True)


def decide(message: Message, action: Action | str, *, by: By = By.PERSON) -> review.Decision:
    """As a use case does it: lock, decide, publish."""
    with transaction.atomic():
        conversation = timeline.lock([message.conversation_id])[message.conversation_id]
        decision = review.decide(conversation, message.pk, Action(action), by=by)
        timeline.publish([conversation])
    return decision


@pytest.fixture
def doubted(ready: Conversation, graph: FakeGraph) -> Message:
    """A message that nobody knows of, after its hold."""
    message = write(ready, "one")
    launch()
    abandon_claims()
    age_dispatch()
    dispatch_due(limit_seconds=5)
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "needs_review"
    return message


@pytest.fixture
def refused(ready: Conversation, graph: FakeGraph) -> Message:
    """A message that the provider refused for good."""
    graph.next.append(fake.refuse(131026))
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "failed"
    return message


def test_send_again_is_an_attempt_of_its_own_at_the_lanes_end(
    ready: Conversation, doubted: Message, graph: FakeGraph
) -> None:
    write(ready, "two")
    decide(doubted, "send_again")
    write(ready, "three")
    doubted.refresh_from_db()
    assert (doubted.status, doubted.error_code) == ("pending", "")
    assert (entry_of(doubted).state, entry_of(doubted).attempt_count) == ("waiting", 0)
    dispatch_due(limit_seconds=5)
    assert states(doubted) == ["resent", "accepted"]
    assert graph.accepted == ["two", "one", "three"]
    first, second = SendAttempt.objects.filter(entry__message=doubted).order_by("pk")
    assert first.attempt_id != second.attempt_id
    assert entry_of(doubted).was_resent is False


def test_a_failed_message_leaves_again_without_its_error(
    refused: Message, graph: FakeGraph
) -> None:
    decide(refused, "send_again")
    dispatch_due(limit_seconds=5)
    refused.refresh_from_db()
    assert (refused.status, refused.error_code) == ("accepted", "")
    assert states(refused) == ["rejected", "accepted"]


def test_mark_sent_answers_for_the_attempt(doubted: Message, graph: FakeGraph) -> None:
    decide(doubted, "mark_sent")
    doubted.refresh_from_db()
    assert (doubted.status, states(doubted)) == ("accepted", ["resolved"])
    assert entry_of(doubted).state == "accepted"
    dispatch_due(limit_seconds=5)
    assert graph.asked == []


@pytest.mark.parametrize("kind", ["doubted", "refused"])
def test_discard_gives_it_up(kind: str, request: pytest.FixtureRequest, graph: FakeGraph) -> None:
    message = request.getfixturevalue(kind)
    asked = len(graph.asked)
    decide(message, "discard")
    message.refresh_from_db()
    assert (message.status, entry_of(message).state) == ("discarded", "discarded")
    dispatch_due(limit_seconds=5)
    assert len(graph.asked) == asked


def test_what_waits_may_be_taken_back(ready: Conversation, graph: FakeGraph) -> None:
    message, following = write(ready, "one"), write(ready, "two")
    decide(message, "discard")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    following.refresh_from_db()
    assert (message.status, following.status) == ("discarded", "accepted")
    assert graph.accepted == ["two"]


def test_a_claim_that_was_not_fenced_yet_does_not_keep_it(
    ready: Conversation, graph: FakeGraph
) -> None:
    message, following = write(ready, "one"), write(ready, "two")
    [claim] = claims.claim(limit=10).claims
    decide(message, "discard")
    assert claims.fence([claim])[0] == set()
    dispatch_due(limit_seconds=5)
    following.refresh_from_db()
    assert (states(message), following.status) == (["not_sent"], "accepted")


def test_the_fence_stays_closed_for_what_is_settled(ready: Conversation) -> None:
    write(ready, "one")
    [claim] = claims.claim(limit=10).claims
    OutboxEntry.objects.update(state="discarded", finished_at=Now())
    assert claims.fence([claim])[0] == set()


def test_what_has_passed_the_fence_cannot_be_taken_back(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    launch()
    with pytest.raises(NotOpen):
        decide(message, "discard")
    message.refresh_from_db()
    assert (message.status, states(message)) == ("pending", ["dispatching"])
    assert entry_of(message).state == "waiting"


def _fenced(claim: claims.Claim) -> set[int]:
    return claims.fence([claim])[0]


def test_taking_back_and_the_fence_never_both_succeed(
    ready: Conversation, graph: FakeGraph
) -> None:
    for number in range(10):
        message = write(ready, str(number))
        [claim] = claims.claim(limit=10).claims
        taken, fenced = together(partial(decide, message, "discard"), partial(_fenced, claim))
        left = fenced == {claim.attempt_pk}
        assert isinstance(taken, NotOpen) if left else isinstance(taken, review.Decision)
        assert entry_of(message).state == ("waiting" if left else "discarded")
        Lane.objects.all().delete()
        OutboxEntry.objects.all().delete()


@pytest.mark.parametrize("action", list(Action))
def test_there_is_nothing_to_decide_about_what_left(
    ready: Conversation, graph: FakeGraph, action: Action
) -> None:
    message = write(ready, "one")
    dispatch_due(limit_seconds=5)
    with pytest.raises(NotOpen) as refusal:
        decide(message, action)
    assert refusal.value.state == "accepted"


def test_only_what_needs_review_can_be_marked_as_sent(refused: Message) -> None:
    with pytest.raises(NotOpen):
        decide(refused, "mark_sent")


@pytest.mark.parametrize("second", list(Action))
def test_of_two_people_one_decides(doubted: Message, graph: FakeGraph, second: Action) -> None:
    found = together(partial(decide, doubted, "send_again"), partial(decide, doubted, second))
    decided = [each for each in found if isinstance(each, review.Decision)]
    told = [each for each in found if isinstance(each, NotOpen)]
    # What waits again may be taken back, so a discard may follow a sending again.
    both = second in {Action.DISCARD, Action.TAKE_BACK} and len(decided) == 2
    assert both or (len(decided), len(told)) == (1, 1)
    dispatch_due(limit_seconds=5)
    assert len(graph.asked) <= 1
    assert len(states(doubted)) == 1 + len(graph.asked)


@pytest.mark.parametrize("action", list(Action))
def test_of_a_person_and_the_proof_one_is_first(
    ready: Conversation, doubted: Message, graph: FakeGraph, action: Action
) -> None:
    tell(ready, statuses=[proof(doubted, "wamid.1")])
    person, taken = together(partial(decide, doubted, action), partial(evidence.take, parked()))
    assert isinstance(person, review.Decision | NotOpen)
    assert taken == 1
    dispatch_due(limit_seconds=5)
    doubted.refresh_from_db()
    assert (doubted.status, doubted.provider_id) == ("sent", "wamid.1")
    assert (states(doubted), entry_of(doubted).state) == (["accepted"], "accepted")
    assert graph.asked == []


def test_proof_stops_what_was_to_leave_again(
    ready: Conversation, doubted: Message, graph: FakeGraph
) -> None:
    decide(doubted, "send_again")
    [claim] = claims.claim(limit=10).claims
    tell(ready, statuses=[proof(doubted, "wamid.1", attempt=0)])
    evidence.sweep()
    assert claims.fence([claim])[0] == set()
    assert states(doubted) == ["accepted", "not_sent"]
    write(ready, "two")
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["two"]


def test_a_late_answer_stops_it_too(ready: Conversation, graph: FakeGraph) -> None:
    message = write(ready, "one")
    late = launch()
    [departure] = departures.prepare([late])
    abandon_claims()
    age_dispatch()
    dispatch_due(limit_seconds=5)
    decide(message, "send_again")
    [claim] = claims.claim(limit=10).claims
    recording.record(
        [recording.answered(departure, Answer(http_status=200, provider_id="wamid.1"))]
    )
    assert claims.fence([claim])[0] == set()
    assert (states(message), entry_of(message).state) == (["accepted", "not_sent"], "accepted")


def test_a_refusal_as_a_late_answer_does_not_stop_what_was_sent_again(
    ready: Conversation, graph: FakeGraph
) -> None:
    message = write(ready, "one")
    [departure] = departures.prepare([launch()])
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    decide(message, "send_again")
    late = Answer(http_status=400, code=131026)
    assert recording.record([recording.answered(departure, late)]) == 0
    assert (states(message), entry_of(message).state) == (["rejected"], "waiting")
    dispatch_due(limit_seconds=5)
    message.refresh_from_db()
    assert message.status == "accepted"


def test_a_late_refusal_does_not_stop_what_was_sent_again(
    ready: Conversation, doubted: Message, graph: FakeGraph
) -> None:
    decide(doubted, "send_again")
    tell(ready, statuses=[proof(doubted, "wamid.1", "failed", attempt=0)])
    evidence.sweep()
    doubted.refresh_from_db()
    assert (doubted.status, entry_of(doubted).state) == ("pending", "waiting")
    dispatch_due(limit_seconds=5)
    doubted.refresh_from_db()
    assert doubted.status == "accepted"
    assert doubted.provider_id != "wamid.1"
    assert states(doubted) == ["rejected", "accepted"]


@pytest.mark.parametrize("action", [Action.MARK_SENT, Action.DISCARD])
def test_proof_that_it_left_is_shown_whatever_was_decided(
    ready: Conversation, doubted: Message, action: Action
) -> None:
    decide(doubted, action)
    tell(ready, statuses=[proof(doubted, "wamid.1", "delivered")])
    evidence.sweep()
    doubted.refresh_from_db()
    assert (doubted.status, doubted.provider_id) == ("delivered", "wamid.1")
    assert entry_of(doubted).state == "accepted"


def test_the_lane_waits_for_a_person_where_that_is_wished(
    ready: Conversation, graph: FakeGraph
) -> None:
    policy = SendingPolicy.objects.create(organization=ready.organization, holds_unknown=True)
    message = write(ready, "one")
    write(ready, "two")
    launch()
    abandon_claims()
    age_dispatch()
    for _ in range(3):
        dispatch_due(limit_seconds=5)
        write(ready, "more")
    message.refresh_from_db()
    assert (message.status, graph.asked) == ("needs_review", [])
    decide(message, "mark_sent")
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["two", "more", "more", "more"]
    assert policy.holds_unknown


def test_a_wish_that_is_given_up_wakes_the_lane(ready: Conversation, graph: FakeGraph) -> None:
    SendingPolicy.objects.create(organization=ready.organization, holds_unknown=True)
    write(ready, "one")
    write(ready, "two")
    launch()
    abandon_claims()
    age_dispatch()
    for _ in range(2):
        dispatch_due(limit_seconds=5)
    assert lanes.wake() == 0
    SendingPolicy.objects.update(holds_unknown=False)
    assert lanes.wake() == 1
    dispatch_due(limit_seconds=5)
    assert graph.accepted == ["two"]


def test_a_person_may_only_do_what_the_table_says() -> None:
    allowed = {(t.source, t.target) for t in ENTRY_TRANSITIONS if By.PERSON in t.by}
    assert allowed == {
        ("needs_review", "waiting"),
        ("needs_review", "accepted"),
        ("needs_review", "discarded"),
        ("failed", "waiting"),
        ("failed", "discarded"),
        ("waiting", "discarded"),
        ("throttled", "discarded"),
    }
