"""STATUS-1 with sends: whatever is known of a send, its statuses lead to one view and one end."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from itertools import product

import pytest

from messaging.ledger import balance
from messaging.models import Connection, DeadLetter, Message, Receipt
from outbound import limits
from outbound.limits.rates import Ask, Grant
from outbound.models import Lane
from tests import factories
from tests.outbound.conftest import hinted
from tests.reliability import scale
from tests.reliability.reports import Report
from tests.reliability.status_sends import MOST_AT_ONCE, PLANS, STAGES, Plan, Stage

__all__ = ["hinted"]

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def _room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much may leave at once is not the question here."""

    def take(asks: Sequence[Ask]) -> list[Grant]:
        now = time.monotonic()
        return [
            Grant(channel_id=each.channel_id, count=each.count, wait_seconds=0, owed=0, rate=1e6,
                  end="", asked_at=now, told_at=now)
            for each in asks
        ]  # fmt: skip

    monkeypatch.setattr(limits, "take", take)
    monkeypatch.setattr(limits, "give_back", lambda _unused: None)


def chosen() -> list[Plan]:
    """All of them in a programme, and some of every stage in a test run."""
    count = scale.size(240, full=len(PLANS))
    chance = random.Random(scale.seed())  # noqa: S311 - chooses, protects nothing
    return chance.sample(PLANS, min(count, len(PLANS)))


def test_every_order_ends_alike_whatever_is_known_of_the_send(connection: Connection) -> None:
    report = Report(name="STATUS-1", seed=0)
    some = chosen()
    for stage, sweeps in product(STAGES, (False, True)):
        of_stage = [plan for plan in some if plan.stage == stage]
        for start in range(0, len(of_stage), MOST_AT_ONCE):
            channel = factories.ChannelFactory(connection=connection)
            play = Stage(connection=connection, channel=channel)
            report.problems += play.play(of_stage[start : start + MOST_AT_ONCE], sweeps=sweeps)
            parked = Receipt.objects.filter(message=None, provider_id__contains="-").count()
            if parked != play.foreign:
                report.problems.append(f"{play.foreign} are of others' messages, {parked} parked")
            clear()
    if not balance().balanced:
        report.problems.append("the ledger does not close")
    report.figures["sends and what is heard of them"] = 2 * len(some)
    scale.tell(report)
    assert report.problems == []


def clear() -> None:
    Lane.objects.all().delete()
    Receipt.objects.all().delete()
    DeadLetter.objects.all().delete()
    Message.objects.all().delete()
