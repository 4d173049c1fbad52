"""AMBIG-1: sends of which nobody knows whether they left.

Of one send in five the answer never comes: the provider resets, stays silent, answers 500 or
garbage, or the process that sent it is killed as it does. It has taken most of these and tells so
by statuses, before the answer, after it, twice or never; of the rest it tells that they failed,
or nothing. Meanwhile processes that send stand still for longer than their claims last.

No phone gets a text twice or before an earlier one, nothing is asked for twice, and every send
ends as what it came to, or before a person.
"""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from inbox.processes import ports, process_table
from tests.reliability import hasty, inbound, outward
from tests.reliability.doubtful import Doubtful, Ending, Fate, News
from tests.reliability.house import Parts, until
from tests.reliability.inbound import Failpoints, Keeper
from tests.reliability.planter import Planter
from tests.reliability.reports import Report

SHARE = 0.2
UNTAKEN_SHARE = 0.15
UNANSWERED = (Ending.RESET, Ending.SILENCE, Ending.BROKEN, Ending.GARBAGE)
NEWS = (News.AFTER, News.BEFORE, News.AFTER, News.TWICE, News.AFTER, News.NEVER)
# Where a process stands still: anywhere, with a claim, past the fence, with an answer.
PLACES = ("claims.fence", "", "claims.fenced", "courier.leaving", "surely.recording")
PAUSE_SECONDS = hasty.CLAIM_SECONDS + 0.7
REACH_SECONDS = 5.0
RESOLVED_SHARE = 0.99
SENDERS = ("worker", "sweeper")
HASTY = "python -m tests.reliability.hasty"
COMMANDS = {
    **inbound.COMMANDS,
    "worker": f"{HASTY} {inbound.WORKER}",
    "sweeper": f"{HASTY} manage.py sweep",
}
# The breakers have a programme of their own.
ENVIRONMENT = {**outward.ENVIRONMENT, "BREAKER_FAILURES": "1000000"}
ENDS = """
SELECT message.text, entry.state FROM outbound_outboxentry AS entry
JOIN messaging_message AS message ON message.id = entry.message_id
"""
UNSETTLED_ATTEMPTS = """
SELECT count(*) FROM outbound_sendattempt WHERE state IN ('intent', 'dispatching')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Numbers, customers of each and texts to each; deaths of senders, and pauses of them."""

    seed: int
    numbers: int
    customers: int
    texts: int
    kills: int
    pauses: int

    @property
    def sends(self) -> int:
        return self.numbers * self.customers * self.texts


def fates(run: Run) -> dict[str, Fate]:
    """What becomes of each text: one in five is doubtful, `kills` of these by a death."""
    dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
    texts = [
        f"{number}.{customer}.{text}"
        for number in range(run.numbers)
        for customer in range(run.customers)
        for text in range(run.texts)
    ]
    dice.shuffle(texts)
    many, endings, news = round(len(texts) * SHARE), cycle(UNANSWERED), cycle(NEWS)
    found = {text: Fate(news=next(news)) for text in texts[many:]}
    for place, text in enumerate(texts[:many]):
        if place < run.kills:
            found[text] = Fate(ending=Ending.KILL, news=next(news))
        elif dice.random() < UNTAKEN_SHARE:
            told = dice.choice((News.NEVER, News.FAILED))
            found[text] = Fate(ending=next(endings), news=told, is_taken=False)
        else:
            found[text] = Fate(ending=next(endings), news=next(news))
    return found


def carry_out(house: Parts, run: Run) -> Report:
    """One text to every customer after the other, with its share of the pauses."""
    report = Report(name="AMBIG-1", seed=run.seed)
    fate_of = fates(run)
    points = Failpoints(house.folder)
    provider = Doubtful(
        port=ports.choose(),
        gateway=house.url("gateway"),
        fate_of=fate_of.__getitem__,
        groups=lambda: [house.running[n].pid for n in SENDERS if n in house.running],
    )
    planter = Planter(house, provider.url, {})
    breakable = ENVIRONMENT | points.environment | inbound.SOON
    house.execute("DELETE FROM outbound_breaker")
    house.start("gateway", commands=COMMANDS)
    keepers = [Keeper(house, name, breakable, commands=COMMANDS) for name in SENDERS]
    try:
        _send_all(house, run, planter, points, report)
        _wait(house, run, provider)
        report.figures |= {"sends": run.sends, "killed": provider.kills}
        report.figures["started again"] = sum(keeper.restarts for keeper in keepers)
        _check(house, provider, fate_of, report)
    finally:
        points.disarm()
        for keeper in keepers:
            keeper.stop()
        planter.stop()
        house.stop()
        provider.stop()
    return report


def _send_all(house: Parts, run: Run, planter: Planter, points: Failpoints, report: Report) -> None:
    dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
    places, stood = cycle(PLACES), Counter[str]()
    for text in range(run.texts):
        planted = planter.order(
            numbers=list(range(run.numbers)),
            customers=list(range(run.customers)),
            texts=[text, text + 1],
        )
        for _ in range(run.pauses * (text + 1) // run.texts - run.pauses * text // run.texts):
            place = next(places)
            stood[place or "anywhere"] += _let_stand(house, points, place, dice)
        planted.result(60 + run.sends)
    report.figures |= {f"stood still at {place}": count for place, count in stood.items()}


def _let_stand(house: Parts, points: Failpoints, place: str, dice: random.Random) -> bool:
    """Stop a process that sends for longer than its claims last; whether one was there."""
    if place:
        points.arm(place, "pause")
        deadline = time.monotonic() + REACH_SECONDS
        while (pid := points.reached()) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        points.disarm()
    else:
        pid = _any_sender(house, dice)
    if pid is None:
        return False
    time.sleep(PAUSE_SECONDS)
    inbound.wake(pid)
    return True


def _any_sender(house: Parts, dice: random.Random) -> int | None:
    found = [pid for name in SENDERS for pid in inbound.children(house, name)]
    if not found:
        return None
    pid = dice.choice(found)
    process_table.send(pid, signal.SIGSTOP)
    return pid


def _wait(house: Parts, run: Run, provider: Doubtful) -> None:
    """Until all is told, applied and settled."""
    outward.wait_until_settled(house, seconds=60 + run.sends)
    until(lambda: provider.telling == 0, "all statuses are told", seconds=120)
    inbound.wait_until_quiet(house)
    until(lambda: not _unresolved(house, provider), "what was told is known", seconds=30)
    until(lambda: house.one(UNSETTLED_ATTEMPTS) == 0, "no attempt is open", seconds=30)


def _unresolved(house: Parts, provider: Doubtful) -> list[str]:
    """Texts of which statuses have told, and that still wait for a person."""
    rows = house.rows(f"{ENDS} WHERE entry.state = 'needs_review'")
    return [text for text, _ in rows if text in provider.told]


def _check(house: Parts, provider: Doubtful, fate_of: dict[str, Fate], report: Report) -> None:
    ends: dict[str, str] = dict(house.rows(ENDS))
    report.figures |= dict(sorted(Counter(ends.values()).items()))
    report.problems += [*outward.duplicates(provider), *outward.disorder(provider)]
    report.problems += _asked_twice(provider)
    report.problems += _wrong_ends(provider, fate_of, ends)
    _count_resolved(provider, fate_of, ends, report)


def _asked_twice(provider: Doubtful) -> Iterator[str]:
    """It never says that something may be repeated, so nothing may."""
    for text, count in Counter(each.text for each in provider.asked).items():
        if count > 1:
            yield f"{text} was asked for {count} times"


def _wrong_ends(
    provider: Doubtful, fate_of: dict[str, Fate], ends: dict[str, str]
) -> Iterator[str]:
    """What a phone has is accepted or asked about; what none has is not said to have left."""
    received = {each.text for each in provider.ledger}
    for text, fate in fate_of.items():
        end = ends.get(text, "lost")
        if text in received:
            allowed = (
                {"accepted"} if _is_known(text, fate, provider) else {"accepted", "needs_review"}
            )
        elif fate.news is News.FAILED:
            allowed = {"failed", "needs_review"}
        else:
            allowed = {"needs_review"}
        if end not in allowed:
            where = "on its phone" if text in received else "on no phone"
            yield f"{text} ({fate.ending}, {fate.news}) is {end}, and {where}"


def _is_known(text: str, fate: Fate, provider: Doubtful) -> bool:
    return text in provider.told and not fate.is_doubtful


def _count_resolved(
    provider: Doubtful, fate_of: dict[str, Fate], ends: dict[str, str], report: Report
) -> None:
    doubtful = {text: fate for text, fate in fate_of.items() if fate.is_doubtful}
    report.figures |= Counter(f"ended in {fate.ending}" for fate in doubtful.values())
    told = [text for text in doubtful if text in provider.told]
    resolved = sum(ends.get(text) in {"accepted", "failed"} for text in told)
    report.figures |= {"doubtful": len(doubtful), "told of": len(told), "resolved": resolved}
    asked = {each.text for each in provider.asked}
    never = [text for text, end in ends.items() if end == "needs_review" and text not in asked]
    report.figures["asked about, of those that never left"] = len(never)
    if resolved < RESOLVED_SHARE * len(told):
        report.problems.append(f"of {len(told)} that statuses told of only {resolved} are known")
