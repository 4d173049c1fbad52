"""Leases between two connections at once; a barrier lets them go together."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from locking import leases
from locking.errors import LeaseHeld
from locking.models import Lease
from messaging.models import User

pytestmark = pytest.mark.django_db(transaction=True)

RACERS = 4
ROUNDS = 25


def together(calls: list[Callable[[], object]]) -> list[object]:
    """Run every call on a connection of its own, all released by one barrier."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            return call()
        except LeaseHeld as held:
            return held
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.fixture
def racers(db: None) -> list[User]:
    return [
        User.objects.create_user(f"racer{number}@example.com", name=f"Racer {number}")
        for number in range(RACERS)
    ]


def test_one_of_many_gets_a_free_lease_and_the_others_learn_who(racers: list[User]) -> None:
    for number in range(ROUNDS):
        resource = f"conversation:{number}"
        answers = together([partial(leases.acquire, resource, holder=user) for user in racers])
        [won] = [answer for answer in answers if isinstance(answer, Lease)]
        refused = [answer for answer in answers if isinstance(answer, LeaseHeld)]
        assert len(refused) == RACERS - 1
        assert {held.by.pk for held in refused} == {won.holder_id}
        assert Lease.objects.get(resource=resource).token == won.token


def test_take_overs_form_a_chain_of_growing_tokens(racers: list[User]) -> None:
    for number in range(ROUNDS):
        resource = f"conversation:{number}"
        leases.acquire(resource, holder=racers[0])
        answers = together(
            [partial(leases.take_over, resource, holder=user) for user in racers[1:]]
        )
        taken = [answer for answer in answers if isinstance(answer, leases.TakenOver)]
        chain = sorted(taken, key=lambda each: each.lease.token)
        holders = [racers[0].pk, *(each.lease.holder_id for each in chain)]
        former = [each.former_holder_id for each in chain]
        assert former == holders[:-1]
        assert Lease.objects.get(resource=resource).holder_id == holders[-1]
