"""IDEMP-1: however often, through whatever door and however late an agent says it: one message.

Every message is sent in one of several ways: ten times at once, by a person and a program at
once, again after the answer, with answers that nobody reads, with another text under the same
key. Then everything is said again after it has left, and again a day later. The answer stays
the first one to the byte, another text is refused, and each phone gets each message once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.processes import ports
from tests.reliability import later, outward
from tests.reliability.house import Parts
from tests.reliability.presses import Agent, Answer, Press, at_once, drop, one
from tests.reliability.provider import Provider
from tests.reliability.reports import Report

TIMES = 10
NUMBERS = 4
HOURS_LATER = 25
LONGEST_DROP_SECONDS = 0.08
CONVERSATIONS = """
SELECT conversation.id, channel.id, channel.external_id, contact.name
FROM messaging_conversation AS conversation
JOIN messaging_channel AS channel ON channel.id = conversation.channel_id
JOIN messaging_contact AS contact ON contact.id = conversation.contact_id
WHERE channel.external_id LIKE '7000%'
"""
ROWS = """
SELECT message.client_message_id, count(*), count(entry.id),
  count(*) FILTER (WHERE message.status = 'accepted' AND entry.state = 'accepted')
FROM messaging_message AS message
LEFT JOIN outbound_outboxentry AS entry ON entry.message_id = message.id
WHERE message.client_message_id LIKE 'idemp.%' GROUP BY 1
"""
MOMENT = re.compile(rb'"(\d{4}-\d\d-\d\dT[0-9:.]+)Z"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How many messages; the seed decides when answers are lost."""

    seed: int
    messages: int


@dataclass(slots=True, kw_only=True)
class Case:
    """One message, the ways to ask for it, and what was answered first."""

    key: str
    text: str
    program: Press
    stranger: Press  # the same key with another text
    address: Press  # to the same phone, without naming the conversation
    browser: Press
    first: bytes = b""
    message: int | None = None


class Pressing:
    """Every case in its way; what came out differently from what was expected."""

    def __init__(self, port: int, seed: int) -> None:
        self.requests = 0
        self._port = port
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.ways: dict[str, Callable[[Case], Iterator[str]]] = {
            "ten at once": self._ten_at_once,
            "ten at once in the browser": self._ten_in_the_browser,
            "a person and a program at once": self._both_doors,
            "ten first messages at once": self._ten_addressed,
            "again after the answer": self._again,
            "answers lost": self._answers_lost,
            "answers lost in the browser": self._browser_answers_lost,
            "two texts at once": self._two_texts,
        }

    def again(self, case: Case, *, hours: int = 0) -> Iterator[str]:
        """The first answer, whatever became of the message; its times as old as it is."""
        for answer in (self._one(case.program), self._one(case.program)):
            case.first = case.first or answer.content
            first = aged(case.first, hours=hours)
            if answer.status != 200 or answer.content != first:
                yield f"answered {answer.status} {answer.content!r}, not {first!r}"
        yield from self._is_refused(self._one(case.stranger))
        yield from self._same([self._one(case.browser)], case)

    def _ten_at_once(self, case: Case) -> Iterator[str]:
        yield from self._programs(self._together([case.program] * TIMES), case)

    def _ten_addressed(self, case: Case) -> Iterator[str]:
        yield from self._programs(self._together([case.address] * TIMES), case)

    def _ten_in_the_browser(self, case: Case) -> Iterator[str]:
        yield from self._same(self._together([case.browser] * TIMES), case)

    def _both_doors(self, case: Case) -> Iterator[str]:
        answers = self._together([case.program, case.browser] * (TIMES // 2))
        programs, people = answers[::2], answers[1::2]
        if [each.status for each in programs].count(201) > 1:
            yield "more than one was the first"
        case.first = programs[0].content
        if {each.content for each in programs} != {case.first}:
            yield "programs were told different things"
        yield from self._same([*programs, *people], case)

    def _again(self, case: Case) -> Iterator[str]:
        yield from self._programs([self._one(case.program) for _ in range(3)], case)
        yield from self._is_refused(self._one(case.stranger))

    def _answers_lost(self, case: Case) -> Iterator[str]:
        """Whether the first was carried out nobody knows; the second answer is the first one."""
        self._drop(case.program)
        answers = self._together([case.program] * 2)
        if [each.status for each in answers].count(201) > 1:
            yield "more than one was the first"
        case.first = answers[0].content
        if {each.content for each in answers} != {case.first}:
            yield "answers differ"
        yield from self._same(answers, case)

    def _browser_answers_lost(self, case: Case) -> Iterator[str]:
        self._drop(case.browser)
        yield from self._same([self._one(case.browser) for _ in range(2)], case)

    def _two_texts(self, case: Case) -> Iterator[str]:
        """Whoever is first has said it; the other text is refused each time."""
        answers = self._together([case.program, case.stranger] * (TIMES // 2))
        ours, theirs = answers[::2], answers[1::2]
        if any(each.status == 201 for each in theirs):
            ours, theirs = theirs, ours
            case.program, case.stranger = case.stranger, case.program
            case.text = _other(case.text)
            case.browser = Press(
                path=case.browser.path,
                content=case.browser.content.replace(b"&text=", b"&text=9"),
                headers=case.browser.headers,
            )
        for refused in theirs:
            yield from self._is_refused(refused)
        yield from self._programs(ours, case)

    def _programs(self, answers: list[Answer], case: Case) -> Iterator[str]:
        """One was the first; all were told the same, to the byte."""
        case.first = answers[0].content
        statuses = sorted(each.status for each in answers)
        if statuses != [200] * (len(answers) - 1) + [201]:
            yield f"answered {statuses}"
        if {each.content for each in answers} != {case.first}:
            yield "answers differ"
        yield from self._same(answers, case)

    def _same(self, answers: list[Answer], case: Case) -> Iterator[str]:
        """All were shown one message."""
        case.message = case.message or answers[0].message
        if case.message is None or {each.message for each in answers} != {case.message}:
            told = [(each.status, each.message) for each in answers]
            yield f"answered {told}, not message {case.message}"

    def _is_refused(self, answer: Answer) -> Iterator[str]:
        if (answer.status, answer.content) != (409, b'{"code":"id_reused"}'):
            yield f"another text was answered {answer.status} {answer.content!r}"

    def _one(self, press: Press) -> Answer:
        self.requests += 1
        return one(self._port, press)

    def _together(self, presses: list[Press]) -> list[Answer]:
        self.requests += len(presses)
        return at_once(self._port, presses)

    def _drop(self, press: Press) -> None:
        self.requests += 1
        drop(self._port, press, after_seconds=self._dice.uniform(0, LONGEST_DROP_SECONDS))


def aged(content: bytes, *, hours: int) -> bytes:
    """An answer whose times lie as much further back."""

    def earlier(found: re.Match[bytes]) -> bytes:
        at = datetime.fromisoformat(found[1].decode()) - timedelta(hours=hours)
        return f'"{at.isoformat()}Z"'.encode()

    return MOMENT.sub(earlier, content)


def carry_out(house: Parts, run: Run) -> Report:
    """Everything in its way, again when it has left, and again a day later."""
    report = Report(name="IDEMP-1", seed=run.seed)
    provider = Provider(port=ports.choose())
    try:
        customers = -(-run.messages // (2 * NUMBERS))
        outward.plant(house, provider, numbers=NUMBERS, customers=customers, texts=[0, 0])
        house.start("web", *outward.PROCESSES, environment=outward.ENVIRONMENT)
        agent = Agent(house.port("web"))
        pressing = Pressing(agent.port, run.seed)
        cases = list(_cases(house, agent, run))
        _press(pressing, cases, report)
        outward.wait_until_settled(house, seconds=60 + run.messages)
        _press_again(pressing, cases, report)
        later.grow_old(house, hours=HOURS_LATER)
        _press_again(pressing, cases, report, hours=HOURS_LATER)
        outward.wait_until_settled(house, seconds=60)
        report.figures |= {"messages": len(cases), "requests": pressing.requests}
        _check(house, provider, cases, report)
    finally:
        house.stop()
        provider.stop()
    return report


def _cases(house: Parts, agent: Agent, run: Run) -> Iterator[Case]:
    """First one to every phone, then another one."""
    places = sorted(house.rows(CONVERSATIONS))
    for number in range(run.messages):
        conversation, channel, external_id, phone = places[number % len(places)]
        text = f"{int(external_id[4:])}.{int(phone[-4:])}.{number}"
        key = f"idemp.{number}"
        said = {"client_message_id": key, "text": text}
        here = {**said, "conversation": conversation}
        to = {"channel": channel, "to": {"kind": "phone", "value": phone}}
        yield Case(
            key=key,
            text=text,
            program=agent.program("messages/", here),
            stranger=agent.program("messages/", {**here, "text": _other(text)}),
            address=agent.program("messages/", {**said, **to}),
            browser=agent.browser(f"/conversations/{conversation}/reply/", said),
        )


def _other(text: str) -> str:
    return f"9{text}"


def _press(pressing: Pressing, cases: list[Case], report: Report) -> None:
    names = list(pressing.ways)
    for number, case in enumerate(cases):
        name = names[number % len(names)]
        report.problems += [f"{name}: {case.key} {said}" for said in pressing.ways[name](case)]


def _press_again(pressing: Pressing, cases: list[Case], report: Report, *, hours: int = 0) -> None:
    when = f"{hours} hours later" if hours else "after it left"
    for case in cases:
        found = pressing.again(case, hours=hours)
        report.problems += [f"{when}: {case.key} {said}" for said in found]


def _check(house: Parts, provider: Provider, cases: list[Case], report: Report) -> None:
    """One row, one entry, one arrival."""
    rows: dict[str, Any] = {key: counts for key, *counts in house.rows(ROWS)}
    for case in cases:
        if rows.get(case.key) != [1, 1, 1]:
            found = rows.get(case.key)
            report.problems.append(f"{case.key}: messages, entries and accepted are {found}")
    report.problems += [*outward.duplicates(provider), *outward.disorder(provider)]
    arrived = sorted(each.text for each in provider.ledger)
    if arrived != sorted(case.text for case in cases):
        report.problems.append(f"phones got {len(arrived)} of {len(cases)}, or other texts")
