"""Errors of Postgres that mean "again, please": 40001 and 40P01, raised by triggers at random."""

from __future__ import annotations

from collections.abc import Sequence

from tests.reliability.house import Parts, until

# At the door, and in both halves of applying: rows, and their lines in the ledger.
TABLES = ("messaging_inboundevent", "messaging_message", "messaging_inbounditem")
TIMES = 6
# A number taken from a sequence is not given back when its transaction fails.
PREPARE = """
CREATE SEQUENCE reliability_stumbles;
CREATE FUNCTION reliability_stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.4 THEN
    PERFORM nextval('reliability_stumbles');
    RAISE EXCEPTION 'planted'
      USING ERRCODE = CASE WHEN random() < 0.5 THEN '40001' ELSE '40P01' END;
  END IF;
  RETURN NULL;
END $$;
"""
PLANT = """
CREATE TRIGGER reliability_stumble AFTER {} ON {} FOR EACH STATEMENT
EXECUTE FUNCTION reliability_stumble()
"""
REMOVE = "DROP FUNCTION reliability_stumble CASCADE; DROP SEQUENCE reliability_stumbles"
HAPPENED = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM reliability_stumbles"


def stumble(house: Parts, *, tables: Sequence[str] = TABLES, events: str = "INSERT") -> None:
    """Let statements fail, until several have."""
    house.execute(PREPARE)
    try:
        for table in tables:
            house.execute(PLANT.format(events, table))
        until(lambda: house.one(HAPPENED) >= TIMES, "statements fail", seconds=20)
    finally:
        house.execute(REMOVE)
