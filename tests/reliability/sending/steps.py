"""Every step that may come next in MODEL-1, of workers, sweeper, provider, statuses and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from outbound.protocol import By
from tests.reliability.sending import writing
from tests.reliability.sending.world import (
    MOST_TRIES,
    Attempt,
    Entry,
    Left,
    Rules,
    State,
    Worker,
)
from tests.reliability.sending.writing import put_attempt, put_entry, put_worker, release

IDLE = Worker()


class Step(NamedTuple):
    """What happens, and the state after it. `is_sure`: with fairness, it comes at some time."""

    name: str
    after: State
    is_sure: bool = True


def steps(state: State, rules: Rules) -> Iterator[Step]:
    """All that may happen next."""
    for number, worker in enumerate(state.workers):
        if number == 0 or worker != state.workers[0]:  # they are alike
            yield from PHASES[worker.phase](state, number, rules)
            if state.faults and worker.phase != "idle":
                yield from _misfortunes(state, number, rules)
    yield from _time(state)
    yield from _writing(state)
    yield from _replays(state, rules)
    yield from _provider(state)
    yield from _statuses(state, rules)
    yield from _people(state, rules)


def _claim(state: State, number: int, rules: Rules) -> Iterator[Step]:
    """Settle what a dead claim left, then take the head; a hold that is not over stays."""
    if state.lane == "claimed" and rules.claims_lanes:
        return
    settled = writing.settle(state, rules) if rules.claims_lanes else state
    place = writing.head(settled, rules)
    if place is None or settled.entries[place].state == writing.CONFIRMING:
        looked = settled._replace(lane="free")
        if looked != state:
            yield Step("a claim finds nothing due", looked)
    if place is None:
        return
    taken = writing.unhand(settled)._replace(lane="claimed")
    if settled.entries[place].state == writing.CONFIRMING:
        mine = Worker(phase="hold over", entry=place, holds=True)
        yield Step(
            f"a claim finds the hold of {NAMES[place]} over", put_worker(taken, number, mine)
        )
        return
    yield from _intent(taken, number, place, rules)


def _intent(state: State, number: int, place: int, rules: Rules) -> Iterator[Step]:
    entry = state.entries[place]
    is_open = any(each.state in rules.open_attempts for each in entry.attempts)
    if is_open:
        return  # the database allows one
    attempt = Attempt(generation=entry.generation)
    state = put_entry(state, place, entry._replace(attempts=(*entry.attempts, attempt)))
    if writing.passes(state, place, rules):
        state = state._replace(broken=writing.ORDER)
    mine = Worker(phase="intent", entry=place, attempt=len(entry.attempts), holds=True)
    yield Step(f"a claim takes {NAMES[place]}", put_worker(state, number, mine))


def _fence(state: State, number: int, rules: Rules) -> Iterator[Step]:
    worker = state.workers[number]
    entry, attempt = _under(state, worker)
    if entry.tries >= MOST_TRIES:
        yield from _refuse(state, number, rules)
        return
    covers = worker.holds and state.lane == "claimed" and not worker.is_late
    may = rules.attempt_may(attempt.state, writing.DISPATCHING)
    has_ended = entry.state not in writing.NOT_SETTLED
    covers = covers and not (has_ended and rules.fence_knows_the_end)
    if rules.is_fenced and not (covers and may):
        yield Step("the fence stops a worker", put_worker(state, number, IDLE))
        return
    if may:
        entry = put_attempt(entry, worker.attempt, attempt._replace(state=writing.DISPATCHING))
    fenced = put_entry(state, worker.entry, entry)
    if has_ended:
        fenced = fenced._replace(broken=writing.PAST)
    name = f"the fence lets {NAMES[worker.entry]} go"
    yield Step(name, put_worker(fenced, number, worker._replace(phase="fenced")))
    if state.faults:
        unheard = fenced._replace(faults=state.faults - 1)
        yield Step(f"{name}, unheard", put_worker(unheard, number, IDLE), is_sure=False)


def _refuse(state: State, number: int, rules: Rules) -> Iterator[Step]:
    """A gate finds too many tries behind it."""
    worker = state.workers[number]
    entry, attempt = _under(state, worker)
    if rules.attempt_may(attempt.state, writing.NOT_SENT):
        entry = put_attempt(entry, worker.attempt, attempt._replace(state=writing.NOT_SENT))
        if rules.entry_may(entry.state, writing.FAILED):
            entry = entry._replace(state=writing.FAILED)
    state = release(put_entry(state, worker.entry, entry), holds=worker.holds)
    yield Step("a gate gives it up", put_worker(state, number, IDLE))


def _write(state: State, number: int, rules: Rules) -> Iterator[Step]:
    """The request leaves; a worker that was paused may see that it is too late to begin."""
    worker = state.workers[number]
    entry, attempt = _under(state, worker)
    if worker.is_late:
        begun = worker._replace(phase="answered", answer="not begun")
        yield Step("a worker is too late to begin", put_worker(state, number, begun))
    sent = put_attempt(entry, worker.attempt, attempt._replace(wire="air"))
    state = put_entry(state, worker.entry, sent)
    if not state.entries[0].is_released and worker.entry == 1 and rules.urgencies == (0, 0):
        state = state._replace(broken=writing.ORDER)
    name = f"the request of {NAMES[worker.entry]} leaves"
    yield Step(name, put_worker(state, number, worker._replace(phase="sent")))


def _answer(state: State, number: int, rules: Rules) -> Iterator[Step]:
    worker = state.workers[number]
    _, attempt = _under(state, worker)
    if attempt.wire != "air":
        heard = worker._replace(phase="answered", answer=attempt.wire)
        yield Step(f"the answer arrives: {attempt.wire}", put_worker(state, number, heard))
    if state.faults:
        lost = put_worker(state, number, worker._replace(phase="answered", answer="lost"))
        lost = lost._replace(faults=state.faults - 1)
        yield Step("the answer is lost", lost, is_sure=False)


def _record(state: State, number: int, rules: Rules) -> Iterator[Step]:
    worker = state.workers[number]
    noted = writing.note(state, worker.entry, worker.attempt, worker.answer, rules)
    noted = release(noted, holds=worker.holds)
    yield Step(f"Postgres takes the answer: {worker.answer}", put_worker(noted, number, IDLE))
    if state.faults and worker.phase == "answered":
        waits = worker._replace(phase="waits", is_late=True)
        for name, then in (("refuses", state), ("takes, unheard,", noted)):
            after = _kept(then, worker)._replace(faults=state.faults - 1)
            yield Step(f"Postgres {name} the answer", put_worker(after, number, waits), False)


def _kept(state: State, worker: Worker) -> State:
    """The answer is in the journal from now on."""
    entry, attempt = _under(state, worker)
    if worker.answer != "taken" or attempt.proof:
        return state
    entry = put_attempt(entry, worker.attempt, attempt._replace(proof="kept"))
    return put_entry(state, worker.entry, entry)


def _end_hold(state: State, number: int, rules: Rules) -> Iterator[Step]:
    worker = state.workers[number]
    ended = writing.end_hold(state.entries[worker.entry], rules)
    state = release(put_entry(state, worker.entry, ended), holds=worker.holds)
    yield Step(f"the hold of {NAMES[worker.entry]} ends", put_worker(state, number, IDLE))


def _misfortunes(state: State, number: int, rules: Rules) -> Iterator[Step]:
    worker = state.workers[number]
    less = state._replace(faults=state.faults - 1)
    if worker.phase == "waits" and rules.keeps_journal:
        left = Left(worker.entry, worker.attempt, worker.answer, worker.holds)
        less = less._replace(journal=tuple(sorted((*less.journal, left))))
    name = f"a worker dies ({worker.phase})"
    yield Step(name, put_worker(less, number, IDLE), is_sure=False)
    if not worker.is_late:
        late = put_worker(less, number, worker._replace(is_late=True))
        yield Step(f"a worker is paused ({worker.phase})", late, is_sure=False)


def _writing(state: State) -> Iterator[Step]:
    """The second message is written while the first is on its way."""
    if not state.entries[1].state:
        written = put_entry(state, 1, Entry())
        yield Step("the second is written", written, is_sure=False)


def _time(state: State) -> Iterator[Step]:
    """A claim runs out; never that of a worker that gets on."""
    gets_on = any(each.holds and not each.is_late for each in state.workers)
    if state.lane == "claimed" and not gets_on:
        yield Step("the claim runs out", state._replace(lane="expired"))


def _replays(state: State, rules: Rules) -> Iterator[Step]:
    for place, left in enumerate(state.journal):
        noted = writing.note(state, left.entry, left.attempt, left.answer, rules)
        noted = release(noted, holds=left.holds)
        rest = (*state.journal[:place], *state.journal[place + 1 :])
        yield Step("the sweeper replays an answer", noted._replace(journal=rest))


def _provider(state: State) -> Iterator[Step]:
    for number, entry in enumerate(state.entries):
        for place, attempt in enumerate(entry.attempts):
            if attempt.wire != "air":
                continue
            for wire in ("taken", "refused", "busy", "slow"):
                is_mood = wire in ("busy", "slow")
                if is_mood and not state.moods:
                    continue
                answered = attempt._replace(wire=wire, is_told=wire == "taken")
                after = put_entry(state, number, put_attempt(entry, place, answered))
                after = after._replace(moods=state.moods - is_mood)
                name = f"the provider has {wire} {NAMES[number]}"
                yield Step(name, after, is_sure=wire == "taken")


def _statuses(state: State, rules: Rules) -> Iterator[Step]:
    """They come at any time or never, and again at the price of a fault."""
    for number, entry in enumerate(state.entries):
        for place, attempt in enumerate(entry.attempts):
            if attempt.wire != "taken" or not (attempt.is_told or state.faults):
                continue
            after = writing.hear(state, number, place, rules)
            after = after._replace(faults=state.faults - (not attempt.is_told))
            again = "" if attempt.is_told else " again"
            yield Step(f"a status of {NAMES[number]} comes{again}", after, is_sure=False)


def _people(state: State, rules: Rules) -> Iterator[Step]:
    """What a person answers, and what the organisation has allowed beforehand."""
    for number, name in enumerate(NAMES):
        if _policy_may(state, number, rules):
            again = writing.allow_again(state, number, rules, By.POLICY)
            if again:
                yield Step(f"the policy sends {name} again", again, is_sure=False)
        answers = {
            f"a person says that {name} left": writing.ACCEPTED,
            f"a person gives {name} up": "discarded",
        }
        decided = {
            words: writing.answer_for(state, number, target, rules)
            for words, target in answers.items()
        }
        decided[f"a person sends {name} again"] = writing.allow_again(
            state, number, rules, By.PERSON
        )
        for words, after in decided.items():
            if after and state.persons:
                yield Step(words, after._replace(persons=state.persons - 1), is_sure=False)


def _policy_may(state: State, number: int, rules: Rules) -> bool:
    """After the watermark no proof comes any more: taken as true here, and told in its page."""
    entry = state.entries[number]
    if entry.state != writing.NEEDS_REVIEW or entry.was_resent:
        return False
    if not rules.waits_for_watermark:
        return True
    at_work = any(each.phase == "fenced" and each.entry == number for each in state.workers)
    return not at_work and all(each.wire not in ("air", "taken") for each in entry.attempts)


def _under(state: State, worker: Worker) -> tuple[Entry, Attempt]:
    entry = state.entries[worker.entry]
    return entry, entry.attempts[worker.attempt]


NAMES = ("the first", "the second")
PHASES: dict[str, Callable[[State, int, Rules], Iterator[Step]]] = {
    "idle": _claim,
    "intent": _fence,
    "fenced": _write,
    "sent": _answer,
    "answered": _record,
    "waits": _record,
    "hold over": _end_hold,
}
