"""STATUS-1: whatever order statuses come in, and whenever their message is known: one result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, permutations
from typing import Any

import pytest

from messaging.ledger import balance
from messaging.models import Connection, Conversation, Message, Receipt
from messaging.receipts import sweep_parked
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.reliability import scale
from tests.reliability.reports import Report

STATUSES = ("sent", "delivered", "read", "played", "failed")
SEEN = ("played", "read", "delivered")  # highest first; they prove that it did not fail
ORDERS = [order for size in range(1, 6) for order in permutations(STATUSES, size)]
ERROR: dict[str, Any] = {"errors": [{"code": 131026, "title": "Message undeliverable"}]}
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


def expected(order: Sequence[str]) -> str:
    """The specification in words of its own."""
    for status in SEEN:
        if status in order:
            return status
    return "failed" if "failed" in order else "sent"


def heard(wamid: str, status: str) -> bodies.Json:
    return bodies.status(wamid, status) | (ERROR if status == "failed" else {})


class Play:
    """Every order at once, each of a message of its own, one status after the other."""

    def __init__(self, conversation: Conversation, number: int, *, known_after: int) -> None:
        self._conversation = conversation
        self._connection = conversation.channel.connection
        self._known_after = known_after
        self._wamids = [f"wamid.status.{number}.{place}" for place in range(len(ORDERS))]

    def carry_out(self, *, doubled: bool, together: bool) -> Iterator[str]:
        """What came out differently from what was expected."""
        for step in range(len(STATUSES)):
            if step == self._known_after:
                self._send()
            pairs = zip(self._wamids, ORDERS, strict=True)
            said = [heard(wamid, order[step]) for wamid, order in pairs if step < len(order)]
            self._deliver(said * (1 + doubled))
            if not together:
                drain_all(self._connection)
        if self._known_after == len(STATUSES):
            drain_all(self._connection)
            self._send()
        drain_all(self._connection)
        sweep_parked()
        yield from self._differences()

    def _send(self) -> None:
        for wamid in self._wamids:
            factories.MessageFactory(
                conversation=self._conversation,
                direction="out",
                author_type="agent",
                status="accepted",
                provider_id=wamid,
            )

    def _deliver(self, said: Sequence[bodies.Json]) -> None:
        number_id = self._conversation.channel.external_id
        deliver(self._connection, bodies.body(statuses=said, number_id=number_id))

    def _differences(self) -> Iterator[str]:
        rows = {m.provider_id: m for m in Message.objects.filter(provider_id__in=self._wamids)}
        for wamid, order in zip(self._wamids, ORDERS, strict=True):
            message = rows[wamid]
            if message.status != expected(order):
                yield f"{order} known after {self._known_after} ended {message.status}"
            if bool(message.error_code) != ("failed" in order):
                yield f"{order} shows the error {message.error_code!r}"
            receipts = Receipt.objects.filter(provider_id=wamid, message=message)
            if receipts.count() != len(order):
                yield f"{order} left {receipts.count()} receipts"


def test_every_order_of_statuses_ends_as_it_should(conversation: Conversation) -> None:
    report = Report(name="STATUS-1", seed=0)
    known = range(len(STATUSES) + 1) if scale.size(1, full=2) > 1 else (0, 2, len(STATUSES))
    numbers = count()
    for known_after in known:
        for doubled, together in ((True, False), (False, True)):
            conversation.refresh_from_db()
            play = Play(conversation, next(numbers), known_after=known_after)
            report.problems += play.carry_out(doubled=doubled, together=together)
    if not balance().balanced:
        report.problems.append("the ledger does not close")
    report.figures["orders of statuses"] = len(ORDERS)
    report.figures["ways to play them"] = next(numbers)
    scale.tell(report)
    assert report.problems == []


def test_statuses_of_messages_that_others_sent_stay_parked(connection: Connection) -> None:
    deliver(connection, bodies.body(statuses=[heard("wamid.foreign", s) for s in STATUSES]))
    drain_all(connection)
    sweep_parked()
    assert Receipt.objects.filter(message=None).count() == len(STATUSES)
    assert balance().balanced


def test_one_bad_status_among_a_thousand_spoils_none(connection: Connection) -> None:
    said: list[bodies.Json] = [bodies.status(f"wamid.many.{n}", "sent") for n in range(999)]
    said.insert(500, {"id": {"not": "a string"}, "status": ["sent"], "timestamp": None})
    deliver(connection, bodies.body(statuses=said))
    drain_all(connection)
    assert Receipt.objects.count() == 999
    sums = balance()
    assert (sums.items, sums.applied, sums.balanced) == (1000, 999, True)
