"""Filling an installation with stored messages, by COPY, as years of use would have.

Messages of the past are spread over conversations of the load's own customers and of many
more. Those that statuses will speak of are ours and have the ids `wamid.stock.<n>`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from messaging.simulator import demo
from tests.benchmarks.mix import CUSTOMERS, WORDS, customer

CONVERSATIONS = 100_000
BLOCK = 20_000
# Costs more while it is filled than when it is made anew.
SEARCH_INDEX = "message_search"
COLUMNS = (
    "organization_id, conversation_id, channel_id, seq, changed_seq, direction, kind, text,"
    " content, author_type, provider_id, received_at, sort_at, arrived_late, status,"
    " error_code, error_title, reply_to_provider_id"
)
PEOPLE = """
WITH added AS (
  INSERT INTO messaging_contact (organization_id, name, created_at)
  SELECT %(organization)s, 'Customer ' || n, now() FROM generate_series(1, %(count)s) AS n
  RETURNING id
), numbered AS (
  SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM added
), identified AS (
  INSERT INTO messaging_contactidentity (organization_id, contact_id, scope, kind, value,
    canonical_key, created_at)
  SELECT %(organization)s, id, '', 'phone', number, number, now() FROM (
    SELECT id, CASE WHEN n < %(customers)s THEN '3519' || lpad(n::text, 8, '0')
      ELSE '3518' || lpad(n::text, 8, '0') END AS number FROM numbered
  ) AS phones
)
INSERT INTO messaging_conversation (organization_id, channel_id, contact_id, state, priority,
  head_seq, changed_seq, inbound_count, last_activity_at, created_at)
SELECT %(organization)s, %(channel)s, id, 'open', 'none', 1000000, 0, 0,
  now() - make_interval(mins => n::int), now() FROM numbered
"""


def fill(database_url: str, messages: int, *, first: int = 0) -> None:
    """Add messages until `messages` are stored, counting from `first` that are there already."""
    with psycopg.connect(database_url, autocommit=True) as session:
        organization, channel = _place(session)
        if first == 0:
            _add_people(session, organization, channel)
        index = session.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [SEARCH_INDEX]
        ).fetchone()
        assert index is not None
        session.execute(f"DROP INDEX {SEARCH_INDEX}")
        session.execute("SET session_replication_role = replica")  # rows refer to what is there
        session.execute("SET synchronous_commit = off")
        with session.cursor().copy(f"COPY messaging_message ({COLUMNS}) FROM STDIN") as copy:
            for block in _blocks(session, organization, channel, first, messages):
                copy.write(block)
        session.execute(index[0])
        session.execute("VACUUM ANALYZE messaging_message")
        session.execute("ANALYZE")


def _place(session: psycopg.Connection) -> tuple[int, int]:
    row = session.execute(
        "SELECT organization_id, id FROM messaging_channel WHERE external_id = %s",
        [demo.CHANNELS[0].phone_number_id],
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _add_people(session: psycopg.Connection, organization: int, channel: int) -> None:
    assert customer(0) == "351900000000"
    session.execute(
        PEOPLE,
        {
            "organization": organization,
            "channel": channel,
            "count": CONVERSATIONS,
            "customers": CUSTOMERS,
        },
    )


def _blocks(
    session: psycopg.Connection, organization: int, channel: int, first: int, last: int
) -> Iterator[str]:
    """Lines for COPY, oldest message first; conversations take turns."""
    with psycopg.connect(session.info.dsn, password=session.info.password) as reader:
        found = reader.execute(
            "SELECT id FROM messaging_conversation WHERE channel_id = %s ORDER BY id", [channel]
        ).fetchall()
    conversations = [pk for (pk,) in found]
    dice = random.Random(first)  # noqa: S311 - repeatable, not secret
    texts = [" ".join(dice.choices(WORDS, k=8)) for _ in range(1000)]
    start = datetime.now(UTC) - timedelta(days=365)
    for block in range(first, last, BLOCK):
        at = (start + timedelta(seconds=block * 5)).isoformat()
        yield "".join(
            f"{organization}\t{conversations[n % len(conversations)]}\t{channel}"
            f"\t{n // len(conversations) + 1}\t{n // len(conversations) + 1}\t"
            f"{'out' if n % 2 else 'in'}\ttext\t{texts[n % 1000]}\t{{}}"
            f"\t{'automation' if n % 2 else 'contact'}"
            f"\twamid.stock.{n}\t{at}\t{at}\tf\t{'accepted' if n % 2 else 'received'}"
            "\t\t\t\n"
            for n in range(block, min(block + BLOCK, last))
        )
