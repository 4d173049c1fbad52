"""The transactions of MODEL-1: each changes the state at once, and only as the tables allow."""

from __future__ import annotations

from outbound.protocol import AttemptState, By, EntryState
from tests.reliability.sending.world import (
    MOST_TRIES,
    Attempt,
    Entry,
    Rules,
    State,
    Worker,
)

# str, since states are compared and kept by the million
WAITING, THROTTLED = EntryState.WAITING.value, EntryState.THROTTLED.value
CONFIRMING, ACCEPTED = EntryState.CONFIRMING.value, EntryState.ACCEPTED.value
FAILED, NEEDS_REVIEW = EntryState.FAILED.value, EntryState.NEEDS_REVIEW.value
INTENT, DISPATCHING = AttemptState.INTENT.value, AttemptState.DISPATCHING.value
UNKNOWN, NOT_SENT = AttemptState.UNKNOWN.value, AttemptState.NOT_SENT.value

# Not the rules' own sets: a planted bug must not move the goal.
NOT_SETTLED = frozenset({WAITING, THROTTLED, CONFIRMING})
HELD = frozenset({THROTTLED, CONFIRMING})

VERDICTS = {
    "taken": AttemptState.ACCEPTED.value,
    "refused": AttemptState.REJECTED.value,
    "busy": NOT_SENT,
    "slow": NOT_SENT,
    "not begun": NOT_SENT,
    "lost": UNKNOWN,
}

ORDER = "the order of the lane is kept"
PAST = "nothing leaves once its end is known"


def put_entry(state: State, number: int, entry: Entry) -> State:
    if entry.state and entry.state not in NOT_SETTLED and not entry.is_released:
        entry = entry._replace(is_released=True)
    entries = (entry, state.entries[1]) if number == 0 else (state.entries[0], entry)
    return state._replace(entries=entries)


def put_attempt(entry: Entry, number: int, attempt: Attempt) -> Entry:
    attempts = entry.attempts
    return entry._replace(attempts=(*attempts[:number], attempt, *attempts[number + 1 :]))


def put_worker(state: State, number: int, worker: Worker) -> State:
    other = state.workers[1 - number]
    return state._replace(workers=(worker, other) if number == 0 else (other, worker))


def release(state: State, *, holds: bool) -> State:
    """Give the lane back, if it is still one's own."""
    return unhand(state)._replace(lane="free") if holds and state.lane != "free" else state


def settle(state: State, rules: Rules) -> State:
    """What a claim that ran out has left open."""
    for number, entry in enumerate(state.entries):
        if entry.state not in rules.open_entries:
            continue
        for place, attempt in enumerate(entry.attempts):
            target = rules.settles.get(attempt.state)
            if target and rules.attempt_may(attempt.state, target):
                changed = put_attempt(entry, place, attempt._replace(state=target))
                changed = changed._replace(tries=min(changed.tries + 1, MOST_TRIES))
                if target == UNKNOWN and rules.entry_may(entry.state, CONFIRMING):
                    changed = changed._replace(state=CONFIRMING)
                state = put_entry(state, number, changed)
                entry = state.entries[number]  # noqa: PLW2901 - what the next one changes
    return state


def head(state: State, rules: Rules) -> int | None:
    """The entry whose turn it is."""
    found = [
        (entry.state not in rules.holding_entries, *place_of(state, number, rules))
        for number, entry in enumerate(state.entries)
        if entry.state in rules.open_entries
    ]
    if not rules.claims_lanes:
        taken = {each.entry for each in state.workers if each.phase != "idle"}
        found = [each for each in found if each[-1] not in taken]
    return min(found)[-1] if found else None


def place_of(state: State, number: int, rules: Rules) -> tuple[int, bool, int]:
    """Where it stands among what waits."""
    return (rules.urgencies[number], state.entries[number].is_last, number)


def passes(state: State, number: int, rules: Rules) -> bool:
    """Whether entry `number` would leave before one that it must not pass."""
    own, other = state.entries[number].state, state.entries[1 - number].state
    # One that holds the lane stays in front of what a person sends again behind it.
    is_behind = place_of(state, 1 - number, rules) < place_of(state, number, rules)
    must_wait = is_behind and own not in HELD
    return other in HELD or (must_wait and other in NOT_SETTLED)


def note(state: State, number: int, place: int, answer: str, rules: Rules) -> State:
    """Write down an answer: the attempt where its state allows it, and then its entry."""
    entry = state.entries[number]
    attempt = entry.attempts[place]
    target = VERDICTS[answer]
    if answer == "taken":
        attempt = attempt._replace(proof="heard")
        entry = put_attempt(entry, place, attempt)
    if not rules.attempt_may(attempt.state, target):
        return put_entry(state, number, entry)
    was = attempt.state
    entry = put_attempt(entry, place, attempt._replace(state=target))
    if was in rules.answered and answer != "taken":
        return put_entry(state, number, entry)
    moved = _after(entry, answer, rules)
    state = put_entry(state, number, moved)
    is_late = was in rules.doubtful and moved.state != entry.state
    return _close_intents(state, number, rules) if is_late else state


def _after(entry: Entry, answer: str, rules: Rules) -> Entry:
    verdict = VERDICTS[answer]
    tries = entry.tries if answer == "slow" else min(entry.tries + 1, MOST_TRIES)
    if verdict in rules.repeatable:
        target = THROTTLED if answer == "slow" else WAITING
        if answer != "slow" and tries >= MOST_TRIES:
            target = FAILED
    else:
        target = {UNKNOWN: CONFIRMING, "accepted": ACCEPTED, "rejected": FAILED}[verdict]
    if entry.state == target or not rules.entry_may(entry.state, target):
        # A step to itself is in the table too, where it only counts the attempt.
        return entry._replace(tries=tries) if rules.entry_may(entry.state, target) else entry
    return entry._replace(state=target, tries=tries)


def end_hold(entry: Entry, rules: Rules) -> Entry:
    """No proof came in time: a person decides."""
    attempt_target, target = rules.hold_ends
    if entry.state != CONFIRMING or not rules.entry_may(entry.state, target):
        return entry
    last = len(entry.attempts) - 1
    if rules.attempt_may(entry.attempts[last].state, attempt_target):
        changed = entry.attempts[last]._replace(state=attempt_target)
        entry = put_attempt(entry, last, changed)
    return entry._replace(state=target)


def hear(state: State, number: int, place: int, rules: Rules) -> State:
    """A status with our attempt's mark: it was taken."""
    entry = state.entries[number]
    told = entry.attempts[place]._replace(is_told=False, proof="heard")
    entry = put_attempt(entry, place, told)
    if not (rules.reads_statuses and rules.attempt_may(told.state, "accepted")):
        return put_entry(state, number, entry)
    entry = put_attempt(entry, place, told._replace(state="accepted"))
    if not rules.entry_may(entry.state, ACCEPTED):
        return put_entry(state, number, entry)
    state = put_entry(state, number, entry._replace(state=ACCEPTED))
    return _close_intents(release(state, holds=told.holds), number, rules)


def _close_intents(state: State, number: int, rules: Rules) -> State:
    """What is known to have come to an end does not leave again."""
    entry = state.entries[number]
    for place, attempt in enumerate(entry.attempts):
        if attempt.state == INTENT and rules.closes_intents:
            entry = put_attempt(entry, place, attempt._replace(state=NOT_SENT))
            state = release(state, holds=attempt.holds)
    return put_entry(state, number, entry)


def unhand(state: State) -> State:
    """Whoever had the lane's token has it no more."""
    entries = tuple(
        entry._replace(attempts=tuple(each._replace(holds=False) for each in entry.attempts))
        for entry in state.entries
    )
    return state._replace(
        entries=entries,
        workers=tuple(each._replace(holds=False) for each in state.workers),
        journal=tuple(sorted(each._replace(holds=False) for each in state.journal)),
    )


def allow_again(state: State, number: int, rules: Rules, by: By) -> State | None:
    """Another attempt in place of one that nobody knows about, or that has failed."""
    entry = state.entries[number]
    if not rules.entry_may(entry.state, WAITING, by):
        return None
    entry = _answer_attempts(entry, "resent", rules, by)
    entry = entry._replace(state=WAITING, tries=0, is_last=True)
    if by is By.PERSON:
        entry = entry._replace(generation=entry.generation + 1)
    else:
        entry = entry._replace(was_resent=True)
    return _decided(state, number, entry, rules)


def answer_for(state: State, number: int, target: str, rules: Rules) -> State | None:
    """A person says that it left, gives it up, or takes it back."""
    entry = state.entries[number]
    if not rules.entry_may(entry.state, target, By.PERSON):
        return None
    entry = _answer_attempts(entry, "resolved", rules, By.PERSON)
    return _decided(state, number, entry._replace(state=target, is_answered_for=True), rules)


def _answer_attempts(entry: Entry, target: str, rules: Rules, by: By) -> Entry:
    for place, attempt in enumerate(entry.attempts):
        if rules.attempt_may(attempt.state, target, by):
            entry = put_attempt(entry, place, attempt._replace(state=target))
    return entry


def _decided(state: State, number: int, entry: Entry, rules: Rules) -> State | None:
    """Nothing can be decided any more once an attempt has passed the fence."""
    if any(each.state == DISPATCHING for each in entry.attempts):
        return None
    return _close_intents(put_entry(state, number, entry), number, rules)
