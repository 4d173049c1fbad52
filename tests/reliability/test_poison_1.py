"""POISON-1: no body that is validly signed breaks decoding, the drain, or its neighbours."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.ledger import balance
from messaging.models import InboundEvent, Message
from messaging.providers import PROVIDERS
from tests import factories
from tests.messaging.bodies import SOME_TIME
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.storable import assert_storable
from tests.reliability import scale
from tests.reliability.mutations import honest, mutate, samples
from tests.reliability.reports import Report

SAMPLES = samples()
EACH = 10  # bodies of one example
EXAMPLES = scale.size(300, full=2000)
DRAINED = scale.size(500, full=500)
pytestmark = pytest.mark.timeout(1800)
_done: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def _figures() -> Iterator[None]:
    """Told at the end, as one test is many examples."""
    yield
    report = Report(name="POISON-1 (decoding)", seed=scale.seed())
    report.figures = {f"mutations of {name}": number for name, number in sorted(_done.items())}
    scale.tell(report)
    assert report.problems == []


@given(st.sampled_from(SAMPLES), st.integers(0, 2**32))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
)
def test_decoding_answers_whatever_it_is_given(sample: tuple[str, str, object], seed: int) -> None:
    provider, _, value = sample
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for _ in range(EACH):
        body = mutate(provider, value, dice)
        assert_storable(PROVIDERS[provider].decode(body, now=SOME_TIME))
        _done[provider] += 1


@pytest.mark.django_db
@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_neighbours_pass_whatever_comes_between_them(provider: str) -> None:
    seed = scale.seed()
    dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
    connection = factories.ConnectionFactory(kind=provider)
    own = [each for each in SAMPLES if each[0] == provider]
    poison = [mutate(*_chosen(own, dice), dice) for _ in range(DRAINED // len(PROVIDERS) + 1)]
    neighbours = dict(honest(provider, 10_000 + number) for number in range(len(poison) // 10))
    contents = [*poison, *neighbours.values()]
    dice.shuffle(contents)
    deliver(connection, *contents)
    drain_all(connection)
    sums = balance()
    report = Report(name="POISON-1 (drain)", seed=seed)
    report.figures = {f"bodies of {provider} drained": len(poison), "dead": sums.dead}
    if not sums.balanced or sums.in_flight:
        report.problems.append(f"the ledger does not close: {sums}")
    passed = Message.objects.filter(provider_id__in=neighbours).count()
    if passed != len(neighbours):
        report.problems.append(f"only {passed} of {len(neighbours)} neighbours passed")
    kept = InboundEvent.objects.filter(connection=connection).order_by("pk")
    if [bytes(event.body) for event in kept] != contents:
        report.problems.append("a raw body is not what it was")
    scale.tell(report)
    assert report.problems == []


def _chosen(own: list[tuple[str, str, object]], dice: random.Random) -> tuple[str, object]:
    provider, _, value = dice.choice(own)
    return provider, value
