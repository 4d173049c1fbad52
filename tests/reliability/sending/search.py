"""Walking through all states of MODEL-1, breadth first, so that a trace is a shortest one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.reliability.sending.properties import STUCK, broken_by
from tests.reliability.sending.steps import steps
from tests.reliability.sending.world import Rules, State
from tests.reliability.sending.writing import NOT_SETTLED


@dataclass(slots=True, kw_only=True)
class Walk:
    """What a search has seen; `broken` names a property, and `trace` leads to it."""

    states: int
    steps: int
    is_whole: bool
    broken: str = ""
    trace: list[str] = field(default_factory=list)


def walk(rules: Rules, *, start: State, most_states: int, only: str = "") -> Walk:
    """Every state that can be reached, or the first that breaks a property (`only` that one)."""
    return _Search(rules, start, only).run(most_states)


class _Search:
    """One walk: states by number, and for each the number of the one before it."""

    def __init__(self, rules: Rules, start: State, only: str) -> None:
        self._rules = rules
        self._only = only
        self._parts: dict[object, object] = {}
        self._seen = {start}
        self._states = [start]
        self._before = [0]
        self._steps = 0

    def run(self, most_states: int) -> Walk:
        at = 0
        while at < len(self._states):
            if broken := self._look_at(at):
                return self._end(broken, len(self._states) - 1, is_whole=False)
            if len(self._states) > most_states:
                return self._end("", 0, is_whole=False)
            at += 1
        if self._only in ("", STUCK) and (place := self._stuck()) is not None:
            return self._end(STUCK, place, is_whole=True)
        return self._end("", 0, is_whole=True)

    def _look_at(self, at: int) -> str:
        """Find what is new after state `at`; the property that it breaks."""
        for step in steps(self._states[at], self._rules):
            self._steps += 1
            after = in_order(step.after, self._parts)
            if after in self._seen:
                continue
            self._seen.add(after)
            self._states.append(after)
            self._before.append(at)
            broken = broken_by(after, self._only)
            if broken:
                return broken
        return ""

    def _stuck(self) -> int | None:
        """The first state from which, without faults, luck or people, some message never ends."""
        good: set[State] = set()
        for place, state in enumerate(self._states):
            if not self._ends(state, good):
                return place
        return None

    def _ends(self, state: State, good: set[State]) -> bool:
        """Follow sure steps, depth first, into a state that is known to end."""
        path, beaten = [(state, self._sure(state))], {state}
        while path:
            here, further = path[-1]
            if here in good or not any(each.state in NOT_SETTLED for each in here.entries):
                good.update(each for each, _ in path)
                return True
            after = next((each for each in further if each not in beaten), None)
            if after is None:
                path.pop()
            else:
                beaten.add(after)
                path.append((after, self._sure(after)))
        return False

    def _sure(self, state: State) -> Iterator[State]:
        found = (step.after for step in steps(state, self._rules) if step.is_sure)
        return (in_order(each, self._parts) for each in found)

    def _end(self, broken: str, last: int, *, is_whole: bool) -> Walk:
        return Walk(
            states=len(self._states),
            steps=self._steps,
            is_whole=is_whole,
            broken=broken,
            trace=self._trace(last) if broken else [],
        )

    def _trace(self, last: int) -> list[str]:
        """The names of the steps that lead there."""
        names: list[str] = []
        while last:
            before, after = self._states[self._before[last]], self._states[last]
            found = (
                step.name
                for step in steps(before, self._rules)
                if in_order(step.after, self._parts) == after
            )
            names.append(next(found))
            last = self._before[last]
        return names[::-1]


def in_order(state: State, parts: dict[object, object]) -> State:
    """The same state with its workers in order, made of parts that are kept once."""
    first, second = state.workers
    workers = (second, first) if second < first else state.workers
    return state._replace(
        entries=_once(state.entries, parts),
        workers=_once(workers, parts),
        journal=_once(state.journal, parts),
    )


def _once(part: Any, parts: dict[object, object]) -> Any:
    """Any: what comes back is equal to what was given."""
    return parts.setdefault(part, part)
