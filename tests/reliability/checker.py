"""Compares the ledger file of a run with Postgres: invariants I1, I2, I4 and I5.

    python -m tests.reliability.checker LEDGER DATABASE_URL

Prints what is wrong, one sentence a line, and nothing if all is well. Knows neither Django nor
our models, only tables.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.reliability.webhooks import Sent, read_ledger

MESSAGES = """
SELECT message.provider_id, identity.value, message.text, message.conversation_id
FROM messaging_message AS message
JOIN messaging_conversation AS conversation ON conversation.id = message.conversation_id
LEFT JOIN messaging_contactidentity AS identity
  ON identity.contact_id = conversation.contact_id AND identity.kind = 'phone'
WHERE message.direction = 'in'
ORDER BY message.conversation_id, message.sort_at, message.seq
"""
LINES = "SELECT key, outcome FROM messaging_inbounditem"
UNFINISHED = "SELECT count(*) FROM messaging_inboundevent WHERE state <> 'finished'"
WITHOUT_LINE = """
SELECT count(*) FROM messaging_inboundevent AS event WHERE NOT EXISTS (
  SELECT FROM messaging_inbounditem AS item WHERE item.event_id = event.id
)
"""
# The head is the newest number, and no number was given twice.
NUMBERS = """
SELECT conversation.id FROM messaging_conversation AS conversation
JOIN messaging_message AS message ON message.conversation_id = conversation.id
GROUP BY conversation.id
HAVING max(message.changed_seq) <> conversation.head_seq
  OR count(DISTINCT message.changed_seq) <> count(*)
  OR conversation.inbound_count <> count(*) FILTER (WHERE message.direction = 'in')
"""


def problems(ledger: Path, database_url: str) -> list[str]:
    """Everything that contradicts the ledger file; empty if nothing does."""
    sent, acknowledged = read_ledger(ledger)
    with psycopg.connect(database_url) as session:
        found = session.execute(MESSAGES).fetchall()
        lines = session.execute(LINES).fetchall()
        unfinished = session.execute(UNFINISHED).fetchone()
        without_line = session.execute(WITHOUT_LINE).fetchone()
        crooked = session.execute(NUMBERS).fetchall()
    return [
        *_of_messages(sent, acknowledged, found),
        *_of_order(sent, found),
        *_of_lines(acknowledged, lines),
        *[f"conversation {pk}: its numbers do not agree" for (pk,) in crooked],
        *[
            f"{unfinished[0]} deliveries are not finished"
            for _ in "."
            if unfinished and unfinished[0]
        ],
        *[
            f"{without_line[0]} deliveries have no line"
            for _ in "."
            if without_line and without_line[0]
        ],
    ]


def _of_messages(
    sent: list[Sent], acknowledged: set[str], found: list[tuple[str, str, str, int]]
) -> Iterator[str]:
    """I1 and I2: acknowledged means stored once, as it was written, where it belongs."""
    times = Counter(wamid for wamid, *_ in found)
    content = {wamid: (customer, text) for wamid, customer, text, _ in found}
    for message in sent:
        if message.wamid not in acknowledged:
            yield f"{message.wamid} was never acknowledged, though it was repeated"
        elif times[message.wamid] != 1:
            yield f"{message.wamid} was acknowledged and is there {times[message.wamid]} times"
        elif content[message.wamid] != (message.customer, message.text):
            yield f"{message.wamid} of {message.customer} is {content[message.wamid]}"
    for wamid in times.keys() - {message.wamid for message in sent}:
        yield f"{wamid} was never sent"


def _of_order(sent: list[Sent], found: list[tuple[str, str, str, int]]) -> Iterator[str]:
    """I4: a customer has one conversation, in which messages stand in the order of writing."""
    written: dict[str, list[str]] = defaultdict(list)
    for message in sorted(sent, key=lambda each: each.at):
        written[message.customer].append(message.wamid)
    shown: dict[str, list[str]] = defaultdict(list)
    places: dict[str, set[int]] = defaultdict(set)
    for wamid, customer, _, conversation in found:
        shown[customer].append(wamid)
        places[customer].add(conversation)
    for customer, wamids in written.items():
        if len(places[customer]) > 1:
            yield f"{customer} has {len(places[customer])} conversations"
        if shown[customer] != wamids:
            yield f"{customer} wrote {wamids} and is shown {shown[customer]}"


def _of_lines(acknowledged: set[str], lines: list[tuple[str, str]]) -> Iterator[str]:
    """Each message was applied once; every other delivery of it was a duplicate."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for key, outcome in lines:
        outcomes[key][outcome] += 1
    for wamid in sorted(acknowledged):
        counted = outcomes[wamid]
        if counted["applied"] != 1 or set(counted) - {"applied", "duplicate"}:
            yield f"{wamid} has the outcomes {dict(counted)}"


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    sys.exit(1 if wrong else 0)
