"""MODEL-1: every interleaving of the send protocol, with at most two faults a run.

Two workers, a sweeper that replays a dead process's answers, a provider that takes, refuses or
puts off, statuses that come at any time, again, or never, and a person who may send again. Faults
are a death, a pause longer than a claim, a lost or overtaken answer, a repeated status, and a
Postgres that refuses or takes a write unheard. Each step is one transaction of the product and
is taken only where `outbound.protocol` has it.

What is left out: how a due time wakes a lane (the sweeper looks at all that is due), statuses
that report a failure, limits and gates, and the length of waits, since everything may take any
time. The watermark is taken at its word: after it no proof comes any more. Whether the
statements of the product do what a step here does is shown by tests/outbound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.reliability.reports import Report
from tests.reliability.sending.bugs import ALL, LATER, Bug, planted
from tests.reliability.sending.search import Walk, walk
from tests.reliability.sending.world import Rules, State, rules_of

MOST_STATES = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One walk: how the two messages stand to each other, and what may happen in it."""

    name: str
    rules: Rules
    start: State


def parts(*, is_whole: bool) -> list[Part]:
    """What is walked through, in full or small enough for a test."""
    equal = rules_of()
    urgent = replace(equal, urgencies=(1, 0))
    if is_whole:
        return [
            Part(name="two messages", rules=equal, start=ALL),
            Part(name="an urgent one behind", rules=urgent, start=LATER),
        ]
    two = ALL._replace(persons=0, moods=0)
    return [
        Part(name="two messages, one fault", rules=equal, start=_one_fault(ALL)),
        Part(name="two messages, nobody looks", rules=equal, start=two),
        Part(name="an urgent one behind, one fault", rules=urgent, start=_one_fault(LATER)),
    ]


def _one_fault(start: State) -> State:
    return start._replace(faults=1, moods=0)


def carry_out(say: Callable[[str], None], *, is_whole: bool) -> Report:
    """Walk through the protocol as it is, then find every planted bug; `say` hears the traces."""
    report = Report(name="MODEL-1", seed=0)
    for part in parts(is_whole=is_whole):
        found = walk(part.rules, start=part.start, most_states=MOST_STATES)
        report.figures[f"states of {part.name}"] = f"{found.states:,}"
        report.figures[f"steps of {part.name}"] = f"{found.steps:,}"
        report.problems += _problems(part, found)
    bugs = planted(rules_of())
    found_bugs = 0
    for bug in bugs:
        found = walk(bug.rules, start=bug.start, most_states=MOST_STATES, only=bug.found_by)
        for line in _lines(bug, found):
            say(line)
        found_bugs += found.broken == bug.found_by
        if found.broken != bug.found_by:
            report.problems.append(f"“{bug.name}” is not found by “{bug.found_by}”")
    report.figures |= {"bugs planted": len(bugs), "bugs found": found_bugs}
    return report


def _problems(part: Part, found: Walk) -> Iterator[str]:
    if found.broken:
        yield "\n    ".join((f"{part.name}: not so: {found.broken}", *found.trace))
    elif not found.is_whole:
        yield f"{part.name}: more than {MOST_STATES:,} states, so not all were seen"


def _lines(bug: Bug, found: Walk) -> Iterator[str]:
    yield f"planted: {bug.name}; not so: {found.broken}, in {found.states:,} states"
    yield from (f"    {number}. {name}" for number, name in enumerate(found.trace, 1))
