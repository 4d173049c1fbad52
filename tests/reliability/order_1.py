"""ORDER-1 (the way in): deliveries in any order, workers dying, conversations in theirs.

Customers write at set times; their messages arrive shuffled, batched with other customers' and
sometimes twice, while workers are killed. Whoever reads sees provider order, no number appears
behind a reader, and however many first messages arrive at once, a customer has one conversation.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from itertools import count

from tests.reliability import inbound
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Posting
from tests.reliability.reports import Report
from tests.reliability.webhooks import EPOCH, Sent, Webhook

KILL_EVERY_SECONDS = 0.7
FIRST_AT_ONCE = 50
CONTACTS = """
SELECT count(DISTINCT contact_id), count(*) FROM messaging_contactidentity
WHERE kind = 'phone' AND value = %s
"""
CROWD = "351980000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Conversations, messages in each, and how fast they are posted."""

    seed: int
    conversations: int
    messages: int
    rate: float


def plan(run: Run) -> list[Webhook]:
    """All messages, shuffled, one to five in a body, some of them twice; a crowd at the start."""
    dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
    written = [
        Sent(
            wamid=f"wamid.order.{place}.{number}",
            customer=f"35197{place:07}",
            text=f"{place} says {number}",
            at=EPOCH + number * 60,
        )
        for place in range(run.conversations)
        for number in range(run.messages)
    ]
    written += dice.sample(written, len(written) // 10)
    dice.shuffle(written)
    numbers = count()
    crowd = [
        Sent(wamid=f"wamid.order.crowd.{n}", customer=CROWD, text=f"first {n}", at=EPOCH + n)
        for n in range(FIRST_AT_ONCE)
    ]
    webhooks = [Webhook(next(numbers), (message,)) for message in crowd]
    while written:
        size = dice.choice((1, 1, 2, 5))
        some, written = written[:size], written[size:]
        webhooks.append(Webhook(next(numbers), tuple(dict.fromkeys(some))))
    return webhooks


def carry_out(house: Parts, run: Run) -> Report:
    """Post while all of the worker's children are killed again and again."""
    report = Report(name="ORDER-1", seed=run.seed)
    house.start("gateway", "sweeper", commands=inbound.COMMANDS, environment=inbound.SOON)
    # A worker whose children die too often gives up, and is started again.
    keeper = inbound.Keeper(house, "worker", inbound.SOON)
    until(lambda: inbound.children(house, "worker"), "the worker has children to lose")
    ledger = house.folder / "order.jsonl"
    ledger.write_text("")
    webhooks = plan(run)
    dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
    kills = 0
    with inbound.followed(house, report):
        at_once = Posting(house, webhooks[:FIRST_AT_ONCE], ledger=ledger, rate=1e6, seed=run.seed)
        rest = webhooks[FIRST_AT_ONCE:]
        posting = Posting(house, rest, ledger=ledger, rate=run.rate, seed=run.seed)
        while posting.is_alive():
            time.sleep(KILL_EVERY_SECONDS * dice.uniform(0.5, 1.5))
            kills += inbound.kill_children(house, "worker")
        at_once.finish()
        posting.finish()
        inbound.wait_until_quiet(house)
    keeper.stop()
    house.stop()
    inbound.check(house, ledger, report)
    if not kills:
        report.problems.append("no worker was killed")
    if (found := house.rows(CONTACTS, CROWD)) != [(1, 1)]:
        report.problems.append(f"{FIRST_AT_ONCE} first messages at once made {found} contacts")
    places = {"conversations": run.conversations + 1, "webhooks": len(webhooks)}
    report.figures = {**places, "worker kills": kills, **report.figures}
    return report
