"""Bugs planted in the protocol, each an edit of its tables or of one of its rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from outbound.protocol import AttemptState, By, EntryState
from tests.reliability.sending import properties, writing
from tests.reliability.sending.world import Entry, Rules, State, Steps

A, E = AttemptState, EntryState
MACHINE = frozenset({By.MACHINE})
ALL = State()
# Enough for most bugs.
LITTLE = State(faults=1, moods=0)
# The second message is written at any time.
LATER = State(entries=(Entry(), Entry(state="")))
# Large enough for every bug here; what is never stuck has to be walked through as a whole.
SMALL = State(faults=1, persons=0, moods=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """What is changed, and the property by which it must be found."""

    name: str
    rules: Rules
    found_by: str
    start: State


def planted(rules: Rules) -> list[Bug]:
    """All of them."""
    return [*_in_the_tables(rules), *_in_the_statements(rules), *_stuck(rules)]


def _in_the_tables(rules: Rules) -> list[Bug]:
    def bug(name: str, found_by: str, start: State = LITTLE, **changes: Any) -> Bug:
        rules_with_it = replace(rules, **changes)
        return Bug(name=name, found_by=found_by, rules=rules_with_it, start=start)

    return [
        bug(
            "an unknown outcome is tried again blindly",
            properties.ONCE,
            repeatable=rules.repeatable | {A.UNKNOWN.value},
        ),
        bug(
            "the lane is not held while it is confirming",
            writing.ORDER,
            open_entries=rules.open_entries - {E.CONFIRMING.value},
        ),
        bug(
            "what is urgent passes what holds the lane",
            writing.ORDER,
            start=LATER,
            urgencies=(1, 0),
            holding_entries=frozenset[str](),
        ),
        bug(
            "a late answer is ignored",
            properties.HEARD,
            attempts=_without(rules.attempts, (A.UNKNOWN, A.ACCEPTED)),
        ),
        bug(
            "a late answer overwrites what is known",
            properties.HEARD,
            attempts=_with(rules.attempts, (A.ACCEPTED, A.UNKNOWN)),
            entries=_with(rules.entries, (E.ACCEPTED, E.CONFIRMING)),
        ),
        bug(
            "bad news of an answered attempt ends the next one's entry",
            properties.SILENT,
            answered=frozenset[str](),
        ),
        bug(
            "the end of a hold proves that nothing left",
            properties.ONCE,
            attempts=_with(rules.attempts, (A.UNKNOWN, A.NOT_SENT)),
            entries=_with(rules.entries, (E.CONFIRMING, E.WAITING)),
            hold_ends=(A.NOT_SENT.value, E.WAITING.value),
        ),
        bug(
            "the end of a hold proves that it left",
            properties.PROVEN,
            hold_ends=("", E.ACCEPTED.value),
        ),
        bug(
            "the end of a hold is a failure",
            properties.SILENT,
            hold_ends=("", E.FAILED.value),
        ),
    ]


def _in_the_statements(rules: Rules) -> list[Bug]:
    def bug(name: str, found_by: str, start: State = LITTLE, **changes: Any) -> Bug:
        rules_with_it = replace(rules, **changes)
        return Bug(name=name, found_by=found_by, rules=rules_with_it, start=start)

    taken_for_unsent: Mapping[str, str] = {**rules.settles, A.DISPATCHING.value: A.NOT_SENT.value}
    return [
        bug("no fence", properties.ONCE, is_fenced=False),
        bug(
            "a takeover sends again what was dispatched", properties.ONCE, settles=taken_for_unsent
        ),
        bug("rows are claimed instead of lanes", writing.ORDER, claims_lanes=False),
        bug(
            "the policy does not wait for the watermark", properties.ONCE, waits_for_watermark=False
        ),
        bug(
            "an end does not stop what is about to leave",
            writing.PAST,
            fence_knows_the_end=False,
            closes_intents=False,
        ),
        bug("statuses are dropped", properties.HEARD, reads_statuses=False),
        bug("no journal", properties.KEPT, ALL, keeps_journal=False),
    ]


def _stuck(rules: Rules) -> list[Bug]:
    def bug(name: str, **changes: Any) -> Bug:
        return Bug(
            name=name, found_by=properties.STUCK, rules=replace(rules, **changes), start=SMALL
        )

    return [
        bug(
            "no hold ever ends",
            entries=_without(rules.entries, (E.CONFIRMING, E.NEEDS_REVIEW)),
        ),
        bug(
            "an intent of the dead stays",
            settles={A.DISPATCHING.value: A.UNKNOWN.value},
        ),
    ]


def _without(steps: Steps, step: tuple[str, str]) -> Steps:
    return {pair: by for pair, by in steps.items() if pair != (str(step[0]), str(step[1]))}


def _with(steps: Steps, step: tuple[str, str]) -> Steps:
    return {**steps, (str(step[0]), str(step[1])): MACHINE}
