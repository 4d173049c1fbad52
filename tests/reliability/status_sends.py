"""Statuses of messages that we send: orders, names, and what is known of the send meanwhile.

Many messages are played at once, each to a phone of its own: its attempt has passed the fence,
and then comes what its plan says, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations, product
from typing import Any
from uuid import uuid4

from django.db.models.functions import Now

from messaging.models import Connection, Conversation, DeadLetter, Message, Receipt
from messaging.providers.answers import Answer
from messaging.receipts import sweep_parked
from outbound import claims, dead_letters, departures, evidence, recording
from outbound.claims import Claim
from outbound.departures import callback_data
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from outbound.surely import record_surely
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.outbound.conftest import abandon_claims, age_dispatch, open_window, write

STATUSES = ("sent", "delivered", "read", "failed")
ORDERS = [order for size in range(1, 5) for order in permutations(STATUSES, size)]
CODE = "131026"
NEVER = -1
# What is known of the send when the first status comes.
STAGES = ("sending", "unknown", "needs_review")
# Which of its statuses carry our attempt's id beside the provider's own.
NAMES = ("all", "none", "first", "last")
MOST_AT_ONCE = 500
# Each takes so many at most.
MOST_SWEEPS = 20
LONGEST_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order of the statuses, and after how many of them the provider's answer arrives."""

    stage: str
    names: str
    order: Sequence[str]
    answer_after: int

    def carries_id(self, place: int) -> bool:
        wanted = {"all": place, "first": 0, "last": len(self.order) - 1}
        return place == wanted.get(self.names)

    @property
    def is_known(self) -> bool:
        """Whether anything ever says under which id the message left."""
        return self.answer_after != NEVER or self.names != "none"

    @property
    def status(self) -> str:
        """The specification in words of its own."""
        if not self.is_known:
            return "needs_review"
        shown = ("read", "delivered", "failed", "sent")
        return next((each for each in shown if each in self.order), "accepted")

    @property
    def entry(self) -> str:
        """What sending makes of it: it left, it failed, or a person has to look."""
        return {"needs_review": "needs_review", "failed": "failed"}.get(self.status, "accepted")

    @property
    def letter(self) -> str:
        """A failure that something outlived is nobody's work any more."""
        return "failed" if self.status == "failed" else "resolved"


PLANS = [
    Plan(stage=stage, names=names, order=order, answer_after=after)
    for stage, names, order in product(STAGES, NAMES, ORDERS)
    for after in range(NEVER, len(order) + 1)
]


@dataclass(slots=True, kw_only=True)
class Send:
    """One message under way."""

    plan: Plan
    message: Message
    wamid: str
    claim: Claim | None = None
    opaque: str = ""


@dataclass(kw_only=True)
class Stage:
    """Sends of plans that begin alike, played at the same time."""

    connection: Connection
    channel: Any  # a factory's row
    sends: list[Send] = field(default_factory=list)
    foreign: int = 0

    def play(self, plans: Sequence[Plan], *, sweeps: bool) -> Iterator[str]:
        """What ended differently from what its plan says; `sweeps`: and look after each step."""
        self._begin(plans)
        for step in range(len(STATUSES) + 1):
            self._answer([each for each in self.sends if each.plan.answer_after == step])
            self._tell(step)
            if sweeps:
                sweep()
        end_holds()
        for _ in range(MOST_SWEEPS):
            if not sweep():
                break
        for each in self.sends:
            yield from (f"{each.plan}: {said}" for said in _differences(each))

    def _begin(self, plans: Sequence[Plan]) -> None:
        for number, plan in enumerate(plans):
            message = write(_conversation(self.channel), str(number))
            self.sends.append(Send(plan=plan, message=message, wamid=f"wamid.{message.pk}"))
        launched = _launch(len(plans))
        for each in self.sends:
            each.claim = launched[each.message.pk]
            each.opaque = callback_data(each.claim.attempt_id)
        if plans[0].stage == "sending":
            return
        abandon_claims()
        dispatch_due(limit_seconds=LONGEST_SECONDS)
        if plans[0].stage == "needs_review":
            end_holds()
        states = set(OutboxEntry.objects.values_list("state", flat=True))
        assert states == {"confirming" if plans[0].stage == "unknown" else "needs_review"}

    def _answer(self, sends: Sequence[Send]) -> None:
        """The provider's answer arrives, however late."""
        if not sends:
            return
        going = {
            d.claim.entry_id: d for d in departures.prepare([s.claim for s in sends if s.claim])
        }
        record_surely(
            [
                recording.answered(
                    replace(going[each.claim.entry_id], claim=each.claim),
                    Answer(http_status=200, provider_id=each.wamid),
                )
                for each in sends
                if each.claim
            ]
        )

    def _tell(self, step: int) -> None:
        """The next status of each, twice in a delivery and again in another; and others' ones."""
        said = [_heard(each, step) for each in self.sends if step < len(each.plan.order)]
        if said:
            for statuses in (said * 2 + self._foreign(), said):
                deliver(
                    self.connection,
                    bodies.body(statuses=statuses, number_id=self.channel.external_id),
                )
            drain_all(self.connection)

    def _foreign(self) -> list[bodies.Json]:
        """Of messages that others sent, one of which pretends to be ours."""
        forged = f"{self.sends[0].opaque[:-1]}{'0' if self.sends[0].opaque[-1] != '0' else '1'}"
        data: tuple[bodies.Json, ...] = (
            {},
            {"biz_opaque_callback_data": forged},
            {"biz_opaque_callback_data": "order 7"},
        )
        self.foreign += len(data)
        return [bodies.status(f"wamid.{uuid4()}", "failed", **each) for each in data]


def sweep() -> int:
    """What the sweeper does about statuses, in its order; how much that was."""
    return (
        evidence.sweep() + sweep_parked() + dead_letters.sweep_late() + dead_letters.sweep_settled()
    )


def end_holds() -> None:
    """Time passes: claims run out, and so do the holds of what nobody has heard of."""
    abandon_claims()
    age_dispatch(100)
    Lane.objects.filter(due_at__isnull=False).update(due_at=Now())
    for _ in range(2):
        dispatch_due(limit_seconds=LONGEST_SECONDS)


def _conversation(channel: Any) -> Conversation:
    conversation: Conversation = factories.ConversationFactory(channel=channel)
    factories.ContactIdentityFactory(contact=conversation.contact)
    open_window(conversation)
    return conversation


def _launch(count: int) -> dict[int, Claim]:
    """Everything is under way, and no worker has heard yet; by message."""
    claimed = list(claims.claim(limit=count).claims)
    assert len(claimed) == count
    assert len(claims.fence(claimed)[0]) == count
    return {each.message_id: each for each in claimed}


def _heard(send: Send, place: int) -> bodies.Json:
    name = send.plan.order[place]
    more: dict[str, Any] = {"errors": [{"code": int(CODE)}]} if name == "failed" else {}
    if send.plan.carries_id(place):
        more["biz_opaque_callback_data"] = send.opaque
    return bodies.status(send.wamid, name, **more)


def _differences(send: Send) -> Iterator[str]:
    plan = send.plan
    message = Message.objects.get(pk=send.message.pk)
    known = (send.wamid, len(plan.order)) if plan.is_known else (None, 0)
    heard = Receipt.objects.filter(message=message).count()
    if (message.status, message.provider_id, heard) != (plan.status, *known):
        yield f"shown as {message.status}, under {message.provider_id}, with {heard} receipts"
    if (message.error_code == CODE) != (plan.is_known and "failed" in plan.order):
        yield f"shows the error {message.error_code!r}"
    entry = OutboxEntry.objects.get(message=message)
    if (entry.state, entry.sent_twice_at, entry.finished_at is None) != (plan.entry, None, False):
        yield f"its entry is {entry.state}, not {plan.entry}"
    yield from _wrong_attempt(send)
    letters = list(DeadLetter.objects.filter(message=message).values_list("state", flat=True))
    if letters not in ([plan.letter], *([[]] if plan.letter == "resolved" else [])):
        yield f"its dead letter is {letters}, not {plan.letter}"


def _wrong_attempt(send: Send) -> Iterator[str]:
    """There was one, and it left; unless the first that was heard of it was that it failed."""
    states = list(
        SendAttempt.objects.filter(entry__message=send.message).values_list("state", flat=True)
    )
    allowed = [["accepted"]] if send.plan.is_known else [["unknown"]]
    if send.plan.is_known and "failed" in send.plan.order:
        allowed.append(["rejected"])
    if states not in allowed:
        yield f"its attempts are {states}"
