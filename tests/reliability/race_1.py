"""RACE-1: many agents do the same to one conversation at the same moment; each act happens once.

Everybody has a connection of their own and is let go by one barrier. Whoever was first has it,
the others learn who that was, and the timeline tells it once. Batches that cross each other in
every order neither wait for each other for ever nor tell what did not happen.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

from django.db import connection
from django.utils import timezone

from inbox.triage import Performed, perform
from locking import leases
from locking.models import Lease
from messaging import conversations
from messaging.models import Conversation, Episode, Membership, Message
from tests import factories
from tests.reliability.reports import Report

SECONDS = 60
ACTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("claim", {}),
    ("resolve", {}),
    ("reopen", {}),
    ("snooze", {"until": "tomorrow"}),
    ("priority", {"priority": "high"}),
    ("priority", {"priority": "low"}),
    ("unassign", {}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many at once, how often, and how many conversations a batch has."""

    seed: int
    racers: int
    rounds: int
    batch: int


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Each call on a connection of its own, all at once; what it gives, or the error it ends in."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(SECONDS)
            return call()
        except Exception as error:  # a programme tells what went wrong
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


class Race:
    """Agents of one organisation, and a fresh conversation for each race."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.dice = random.Random(run.seed)  # noqa: S311 - repeatable, not secret
        self.channel = factories.ChannelFactory()
        self.agents = [self._agent() for _ in range(run.racers)]
        self.holder = self._agent()

    def _agent(self) -> Membership:
        made = factories.MembershipFactory(organization=self.channel.organization)
        return Membership.objects.select_related("user").get(pk=made.pk)

    def conversation(self) -> Conversation:
        made: Conversation = factories.ConversationFactory(channel=self.channel)
        Episode.objects.create(conversation=made, opened_at=timezone.now())
        return made

    def all_do(self, found: Conversation, action: str, **params: str) -> list[Any]:
        return together([partial(perform, who, action, [found.pk], params) for who in self.agents])

    def claims(self) -> Iterator[str]:
        found = self.conversation()
        yield from self._one_of(found, self.all_do(found, "claim"), "claim")

    def takeovers(self) -> Iterator[str]:
        """Everybody takes it from the same colleague."""
        found = self.conversation()
        perform(self.holder, "claim", [found.pk], {})
        held_by = str(self.holder.user_id)
        answers = self.all_do(found, "assign", assignee="me", held_by=held_by)
        yield from self._one_of(found, answers, "takeover", lines=2)

    def _one_of(
        self, found: Conversation, answers: list[Any], name: str, *, lines: int = 1
    ) -> Iterator[str]:
        yield from errors(answers, name)
        done = [each for each in answers if isinstance(each, Performed)]
        won = [place for place, each in enumerate(done) if each.changed]
        owner = Conversation.objects.get(pk=found.pk).assignee_id
        if len(won) != 1 or self.agents[won[0]].user_id != owner:
            yield f"{name}: {len(won)} winners, and {owner} has it"
        named = {user.pk for each in done for user in each.lost.values()}
        lost = sum(each.is_lost for each in done)
        if named != {owner} or lost != len(self.agents) - 1:
            yield f"{name}: {lost} learned that {named} was first"
        yield from told(found, {"assigned": lines}, name)

    def resolves(self) -> Iterator[str]:
        found = self.conversation()
        answers = self.all_do(found, "resolve")
        yield from once(found, answers, "resolved", "resolve")
        if Episode.objects.filter(conversation=found, resolved_at=None).exists():
            yield "resolve: the episode goes on"
        yield from once(found, self.all_do(found, "reopen"), "reopened", "reopen")
        if Episode.objects.filter(conversation=found, resolved_at=None).count() != 1:
            yield "reopen: not one episode runs"

    def wakes(self) -> Iterator[str]:
        """By time in many processes, and by hand."""
        found = self.conversation()
        perform(self.holder, "snooze", [found.pk], {"until": "tomorrow"})
        past = timezone.now() - timedelta(seconds=1)
        Conversation.objects.filter(pk=found.pk).update(snoozed_until=past)
        calls: list[Callable[[], Any]] = [conversations.wake_due for _ in self.agents]
        for place in range(0, len(calls), 2):
            who = self.agents[place]
            calls[place] = partial(perform, who, "reopen", [found.pk], {})
        yield from errors(together(calls), "wake")
        conversations.wake_due()
        if Conversation.objects.get(pk=found.pk).state != "open":
            yield "wake: it sleeps on"
        yield from told(found, {"snoozed": 1, "woke": 1}, "wake")

    def lease_takeovers(self) -> Iterator[str]:
        """The lease on a conversation goes from hand to hand, and the last one has it."""
        name = f"conversation:{self.conversation().pk}"
        leases.acquire(name, holder=self.holder.user)
        answers = together(
            [partial(leases.take_over, name, holder=who.user) for who in self.agents]
        )
        yield from errors(answers, "lease")
        taken = [each for each in answers if isinstance(each, leases.TakenOver)]
        chain = sorted(taken, key=lambda each: each.lease.token)
        holders = [self.holder.user_id, *(each.lease.holder_id for each in chain)]
        if [each.former_holder_id for each in chain] != holders[:-1]:
            yield "lease: somebody was not told of who came after them"
        if Lease.objects.get(resource=name).holder_id != holders[-1]:
            yield "lease: it is not the last one's"

    def crossing_batches(self) -> Iterator[str]:
        """Batches of the same conversations in every order; every change is told, once."""
        rows = [self.conversation().pk for _ in range(self.run.batch)]
        calls: list[Callable[[], Any]] = []
        for who in self.agents:
            action, params = self.dice.choice(ACTS)
            ids = self.dice.sample(rows, len(rows))
            calls.append(partial(perform, who, action, ids, params))
        answers = together(calls)
        yield from errors(answers, "batches")
        changed = sum(len(each.changed) for each in answers if isinstance(each, Performed))
        lines = Message.objects.filter(conversation__in=rows, kind="event")
        if lines.count() != changed:
            yield f"batches: {changed} changes, {lines.count()} lines"
        for row in Conversation.objects.filter(pk__in=rows):
            numbers = sorted(lines.filter(conversation=row).values_list("seq", flat=True))
            if numbers != list(range(1, row.head_seq + 1)):
                yield f"batches: conversation at {row.head_seq}, its lines at {numbers}"


def carry_out(run: Run) -> Report:
    """Every race, `rounds` times."""
    report = Report(name="RACE-1", seed=run.seed)
    race = Race(run)
    races = (
        race.claims,
        race.takeovers,
        race.resolves,
        race.wakes,
        race.lease_takeovers,
        race.crossing_batches,
    )
    for _ in range(run.rounds):
        for each in races:
            report.problems += each()
    report.figures["at once"] = run.racers
    report.figures["races"] = run.rounds * len(races)
    return report


def errors(answers: Sequence[Any], name: str) -> Iterator[str]:
    """Deadlocks, and whatever else should not be."""
    for each in answers:
        if isinstance(each, Exception):
            yield f"{name}: {type(each).__name__} {each}"


def once(found: Conversation, answers: Sequence[Any], line: str, name: str) -> Iterator[str]:
    yield from errors(answers, name)
    winners = [each for each in answers if isinstance(each, Performed) and each.changed]
    if len(winners) != 1:
        yield f"{name}: {len(winners)} did it"
    lines = Message.objects.filter(conversation=found, kind="event", content__event__type=line)
    if lines.count() != 1:
        yield f"{name}: told {lines.count()} times"


def told(found: Conversation, expected: dict[str, int], name: str) -> Iterator[str]:
    lines = Message.objects.filter(conversation=found, kind="event")
    types = Counter(line.content["event"]["type"] for line in lines)
    if types != expected:
        yield f"{name}: told {dict(types)}, not {expected}"
