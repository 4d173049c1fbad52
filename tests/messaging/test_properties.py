"""Any order, repetition and grouping of webhooks gives one result (PROP-2)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.drain import drain_batch
from messaging.ledger import balance
from messaging.models import Channel, Connection, InboundItem, Message
from messaging.outgoing import SendResult, record_results
from messaging.statuses import HEARD, RANK, advance
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.test_samples import BODIES

# The fixtures hold no state: whatever an example writes is rolled back with it.
with_database = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STATUSES = sorted(HEARD)
WAMID = "wamid.sent"


@contextmanager
def undone() -> Iterator[None]:
    """Forget whatever the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@given(st.lists(st.sampled_from([*STATUSES, "warning", ""])), st.sampled_from(sorted(RANK)))
def test_the_ladder_never_goes_down_and_forgets_order(heard: list[str], current: str) -> None:
    once = advance(current, heard)
    assert RANK[once] >= RANK[current]
    assert advance(current, [*reversed(heard), *heard]) == once
    step = current
    for status in heard:
        before, step = step, advance(step, [status])
        assert RANK[step] >= RANK[before]
    assert step == once


# --- statuses through the database --------------------------------------------------------------

# What happens to one message: statuses in deliveries of their own, some of them several times,
# and somewhere among them the answer of the send.
ANSWER = "answer"
histories = st.lists(st.sampled_from(STATUSES), max_size=6).flatmap(
    lambda heard: st.permutations([*heard, ANSWER])
)


@pytest.fixture
def sent(connection: Connection, channel: Channel) -> Message:
    """A reply on its way, whose id only the answer tells."""
    channel.external_id = bodies.NUMBER_ID
    channel.save(update_fields=["external_id"])
    message: Message = factories.MessageFactory(
        conversation__channel=channel, direction="out", status="pending", provider_id=None
    )
    return message


@pytest.mark.django_db
@with_database
@given(history=histories, repeats=st.booleans(), together=st.booleans())
def test_any_history_of_a_reply_ends_at_its_best_status(
    sent: Message, history: list[str], repeats: bool, together: bool
) -> None:
    with undone():
        ranks = [RANK[status] for status in _live(sent, history, repeats, together)]
        assert ranks == sorted(ranks)
        best = max(["accepted", *(s for s in history if s != ANSWER)], key=RANK.__getitem__)
        assert Message.objects.get(pk=sent.pk).status == best
        assert sent.receipts.count() == len(set(history)) - 1
        assert balance().balanced


def _live(sent: Message, history: Sequence[str], repeats: bool, together: bool) -> Iterator[str]:
    """The message's status after each step of its history."""
    connection = sent.channel.connection
    for step in history:
        for _ in range(2 if repeats else 1):
            if step == ANSWER:
                drain_all(connection)
                _record(sent)
            else:
                deliver(connection, bodies.body(statuses=[bodies.status(WAMID, step)]))
            if not together:
                drain_all(connection)
        yield Message.objects.get(pk=sent.pk).status
    drain_all(connection)
    yield Message.objects.get(pk=sent.pk).status


def _record(sent: Message) -> None:
    with transaction.atomic():
        record_results([SendResult(message_id=sent.pk, status="accepted", provider_id=WAMID)])


# --- batches ------------------------------------------------------------------------------------

cuts = st.lists(st.integers(1, len(BODIES) - 1), max_size=8, unique=True).map(sorted)


@pytest.mark.django_db
@settings(with_database, max_examples=15)
@given(cuts=cuts)
def test_any_grouping_of_the_samples_gives_the_same_rows(
    connection: Connection, cuts: list[int]
) -> None:
    whole = _drain_in_groups(connection, [])
    assert _drain_in_groups(connection, cuts) == whole


@pytest.mark.django_db
@settings(with_database, max_examples=15)
@given(seed=st.integers(0, 10**6), cuts=cuts)
def test_any_order_of_the_samples_gives_the_same_sums(
    connection: Connection, seed: int, cuts: list[int]
) -> None:
    order = list(range(len(BODIES)))
    random.Random(seed).shuffle(order)  # noqa: S311 - not a secret
    shuffled, _ = _drain_in_groups(connection, cuts, order)
    sorted_, _ = _drain_in_groups(connection, [])
    assert _sums(shuffled) == _sums(sorted_)


def _sums(lines: Counter[Any]) -> Counter[str]:
    """Lines by outcome. (Two samples share a wamid: either of them may be the duplicate. A file
    of the past is applied twice where it comes after its placeholder.)
    """
    sums: Counter[str] = Counter()
    for (_, _, outcome), count in lines.items():
        sums["known" if outcome in {"applied", "duplicate"} else outcome] += count
    return sums


def _drain_in_groups(
    connection: Connection, cuts: list[int], order: Sequence[int] = range(len(BODIES))
) -> tuple[Counter[Any], list[Any]]:
    """Lines of the ledger and what the timeline then says; nothing of it stays."""
    contents = [BODIES[place].read_bytes() for place in order]
    with undone():
        for start, end in pairwise([0, *cuts, len(contents)]):
            deliver(connection, *contents[start:end])
            drain_batch(connection)
        sums = balance()
        assert (sums.balanced, sums.in_flight) == (True, 0)
        lines = InboundItem.objects.values_list("kind", "key", "outcome")
        return Counter(lines), list(_timeline())


def _timeline() -> Iterator[Any]:
    """What is said, and when; numbers may skip, and a merge may come before or after a message."""
    yield from Message.objects.order_by("channel__external_id", "provider_id").values_list(
        "provider_id", "kind", "text", "status", "reply_to__provider_id", "sort_at"
    )
