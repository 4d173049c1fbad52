"""MODEL-1 in small."""

from __future__ import annotations

from outbound import lanes, protocol
from tests.reliability.model_1 import carry_out
from tests.reliability.sending.bugs import planted
from tests.reliability.sending.properties import NAMES
from tests.reliability.sending.world import rules_of, steps_of


def test_no_interleaving_sends_twice_and_every_planted_bug_is_found() -> None:
    report = carry_out(print, is_whole=False)
    print(*report.lines(), sep="\n")
    assert report.problems == []


def test_every_property_finds_a_planted_bug() -> None:
    assert {bug.found_by for bug in planted(rules_of())} == set(NAMES)


def test_the_model_walks_the_products_own_tables() -> None:
    rules = rules_of()
    assert rules.attempts == steps_of(protocol.ATTEMPT_TRANSITIONS)
    assert rules.entries == steps_of(protocol.ENTRY_TRANSITIONS)


def test_the_order_in_a_lane_holds_what_the_table_holds() -> None:
    assert {"waiting"} == protocol.OPEN_ENTRIES - protocol.HOLDING_ENTRIES
    assert lanes.HEAD_ORDER.startswith("(entry.state = 'waiting'), entry.urgency, entry.ready_at")
