"""Replaying a day of stored deliveries: it changes nothing, says so, and how fast.

    python -m tests.benchmarks.replay [--deliveries 100000] [--json]

Stores the deliveries of a real mix by COPY, applies them with the sweeper's own function, and
runs `manage.py replay` over all of them, first with --dry-run. The baseline is the first run.
Tables are compared row by row before and after.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg

from tests.benchmarks import stock
from tests.benchmarks.ingest import machine
from tests.benchmarks.mix import Mix
from tests.reliability.house import Parts, parts, until

ITEMS_A_BODY = 6
TABLES = {
    "messaging_message": "id",
    "messaging_receipt": "id",
    "messaging_amendment": "id",
    "messaging_media": "id",
    "messaging_inbounditem": "id",
    "messaging_conversation": "id",
    "messaging_contactidentity": "id",
    "messaging_providernotice": "id",
    "messaging_deadletter": "id",
}


def run(deliveries: int) -> Iterator[tuple[str, Any]]:
    """Figures by name, as they come."""
    with parts() as house:
        yield "machine", machine(house)
        stock.fill(house.database_url, deliveries * ITEMS_A_BODY // 2)
        stored = _store(house, deliveries)
        yield "deliveries", stored
        started = time.perf_counter()
        house.start("sweeper")
        until(lambda: house.in_flight() == 0, "all is applied", seconds=1800)
        first = time.perf_counter() - started
        house.stop()
        yield "applied, deliveries /s", stored / first
        before = _fingerprints(house)
        for words in (("--dry-run",), ()):
            started = time.perf_counter()
            said = json.loads(house.manage("replay", "--json", *words))
            took = time.perf_counter() - started
            yield " ".join(["replay", *words, "deliveries /s"]), stored / took
            yield " ".join(["replay", *words, "says"]), said
        yield "tables are the same", _fingerprints(house) == before
        yield "balance", house.balance()


def _store(house: Parts, deliveries: int) -> int:
    """Deliveries by COPY, as the gateway would have inserted them."""
    mix = Mix("day")
    with psycopg.connect(house.database_url, autocommit=True) as session:
        row = session.execute("SELECT id FROM messaging_connection WHERE kind = 'cloud'").fetchone()
        assert row is not None
        columns = "connection_id, body, headers"
        with session.cursor().copy(f"COPY messaging_inboundevent ({columns}) FROM STDIN") as copy:
            count = 0
            for body in mix.bodies(deliveries * ITEMS_A_BODY):
                copy.write_row((row[0], body, "{}"))
                count += 1
                if count == deliveries:
                    break
    return count


def _fingerprints(house: Parts) -> dict[str, Any]:
    """One hash a table, of every row's text."""
    sql = "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY {0})) FROM {1} AS t"
    return {table: house.rows(sql.format(key, table))[0] for table, key in TABLES.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = {}
    for name, value in run(args.deliveries):
        found[name] = value
        if not args.json:
            sys.stdout.write(f"{name:40} {value}\n")
            sys.stdout.flush()
    if args.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
