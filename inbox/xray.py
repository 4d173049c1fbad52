"""A message laid open: how it came or left, when each step was, and who saw it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import access, queries, words
from inbox.api import serializers
from inbox.models import ReadMark
from messaging import bodies, ledger
from messaging.models import Membership, Message
from outbound.models import SendAttempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from messaging.models import InboundItem, Receipt
    from outbound.models import OutboxEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened; `tone` is quiet for what changed nothing, danger for failures."""

    at: datetime
    title: str
    about: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class XRay:
    """All that is known of one message."""

    message: Message
    steps: list[Step]
    seen_by: list[str]
    entry: OutboxEntry | None
    payload: str
    # Whether the payload is the delivery itself, byte for byte apart from secrets.
    is_raw: bool
    kept: str


def xray_of(membership: Membership, message: Message) -> XRay:
    """The story of a message that was found through `access`, for who `reads_dead_letters`."""
    rows = queries.with_message_parts(access.messages(membership).filter(pk=message.pk))
    found = rows.select_related("conversation__contact").get()
    trace = _trace(membership, found)
    items = list(trace.items.select_related("event__connection")) if trace else []
    receipts = list(found.receipts.order_by("received_at", "pk"))
    entry = getattr(found, "outbox_entry", None)
    attempts = SendAttempt.objects.filter(entry=entry).order_by("pk") if entry else ()
    payload, is_raw = _payload(found, items)
    steps = [*_arrivals(items), *_departures(entry, attempts), *_receipts(receipts)]
    return XRay(
        message=found,
        steps=sorted(steps or [_written(found)], key=lambda step: step.at),
        seen_by=_seen_by(found),
        entry=entry,
        payload=_pretty(payload),
        is_raw=is_raw,
        kept=_pretty(bodies.without_secrets(serializers.message(found))),
    )


def _trace(membership: Membership, message: Message) -> ledger.Trace | None:
    if not message.provider_id:
        return None
    return ledger.trace(
        membership.organization, message.provider_id, channel_ids=[message.channel_id]
    )


def _payload(message: Message, items: list[InboundItem]) -> tuple[Any, bool]:
    """The delivery that gave birth to the message, or what was done to it first."""
    own = [item for item in items if item.message_id == message.pk]
    for item in sorted(own, key=lambda each: each.key != message.provider_id):
        payload, is_raw = bodies.body_of(item)
        if payload is not None:
            return payload, is_raw
    return None, False


def _arrivals(items: Iterable[InboundItem]) -> Iterator[Step]:
    for item in items:
        yield Step(
            at=item.received_at,
            title=_("Webhook received: %(kind)s") % {"kind": item.kind},
            about=_("Kept as event %(event)s") % {"event": item.event_id},
        )
        waited = max((item.applied_at - item.received_at).total_seconds(), 0)
        about = _("Waited %(time)s") % {"time": _duration(waited)}
        yield Step(
            at=item.applied_at,
            title=str(item.get_outcome_display()),
            about=f"{about} · {item.reason}" if item.reason else about,
            tone="" if item.outcome == "applied" else "quiet",
        )


def _departures(entry: OutboxEntry | None, attempts: Iterable[SendAttempt]) -> Iterator[Step]:
    if entry is None:
        return
    yield Step(at=entry.created_at, title=_("Put into the outbox"), tone="quiet")
    for number, attempt in enumerate(attempts, start=1):
        yield Step(
            at=attempt.dispatched_at or attempt.started_at,
            title=_("Attempt %(number)d: %(state)s") % {"number": number, "state": attempt.state},
            about=" · ".join(_attempt_facts(attempt)),
            tone="danger" if attempt.error_code else "",
        )


def _attempt_facts(attempt: SendAttempt) -> Iterator[str]:
    if attempt.http_status:
        yield f"HTTP {attempt.http_status}"
    if attempt.finished_at and attempt.dispatched_at:
        took = (attempt.finished_at - attempt.dispatched_at).total_seconds()
        yield _("took %(time)s") % {"time": _duration(max(took, 0))}
    if attempt.error_code:
        yield _error(attempt.error_code, attempt.error_title)
    if attempt.error_details:
        yield attempt.error_details


def _receipts(receipts: Iterable[Receipt]) -> Iterator[Step]:
    for receipt in receipts:
        said = _("heard %(time)s later") % {
            "time": _duration(
                max((receipt.received_at - receipt.provider_at).total_seconds(), 0)
                if receipt.provider_at
                else 0
            )
        }
        error = _error(receipt.error_code, receipt.error_title) if receipt.error_code else ""
        known = {**words.TICKS}.get(receipt.status)
        yield Step(
            at=receipt.provider_at or receipt.received_at,
            title=_("WhatsApp says: %(status)s")
            % {"status": known.label if known else receipt.status},
            about=" · ".join(filter(None, [said, receipt.recipient, error])),
            tone="danger" if receipt.error_code else "",
        )


def _written(message: Message) -> Step:
    return Step(at=message.received_at, title=_("Written here"), about=str(message.author or ""))


def _seen_by(message: Message) -> list[str]:
    marks = ReadMark.objects.filter(
        conversation=message.conversation_id, seq__gte=message.seq
    ).select_related("user")
    return sorted(str(mark.user) for mark in marks)


def _error(code: str, title: str) -> str:
    return _("error %(code)s") % {"code": code} + (f" ({title})" if title else "")


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{round(seconds / 60)} min"


def _pretty(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False, default=str)
