"""The story of one message, from delivery to delivery: what arrived, left, and was heard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from inbox import access, queries
from inbox.api import serializers
from messaging import ledger
from messaging.models import InboundItem, Membership, Message
from outbound.models import SendAttempt

if TYPE_CHECKING:
    from messaging.ledger import Trace


def visible_trace(
    membership: Membership, wamid: str, *, channel_id: int | None = None
) -> dict[str, Any] | None:
    """What the member may see of it; None where that is nothing.

    A message whose conversation the member does not see takes its lines and statuses along.
    """
    channels = access.channels(membership)
    if channel_id is not None:
        channels = channels.filter(pk=channel_id)
    found = ledger.trace(
        membership.organization, wamid, channel_ids=list(channels.values_list("pk", flat=True))
    )
    spoken_of = Q(pk__in=found.messages) | Q(pk__in=found.items.values("message"))
    hidden = Message.objects.filter(spoken_of).exclude(pk__in=access.messages(membership))
    if hidden.exists():
        return None
    story = describe(found)
    return story if story["items"] or story["messages"] or story["statuses"] else None


def describe(trace: Trace) -> dict[str, Any]:
    """The contract's words for a trace; a fixed number of queries."""
    messages = list(
        queries.with_message_parts(trace.messages)
        .select_related("conversation__contact")
        .prefetch_related("conversation__contact__identities")
    )
    return {
        "wamid": trace.wamid,
        "items": [_item(item) for item in trace.items],
        "messages": [serializers.message(message) for message in messages],
        "attempts": [_attempt(attempt) for attempt in _attempts(messages, trace.wamid)],
        "statuses": [
            serializers.receipt(receipt, applied=receipt.message_id is not None)
            for receipt in trace.receipts
        ],
    }


def whole(trace: Trace) -> dict[str, Any]:
    """The story for operators: also how long each item waited, and what was given up."""
    story = describe(trace)
    for told, item in zip(story["items"], trace.items, strict=True):
        told["waited_seconds"] = round((item.applied_at - item.received_at).total_seconds(), 3)
    letters = [serializers.dead_letter(letter) for letter in trace.dead_letters]
    return story | {"dead_letters": [{**letter, "payload": None} for letter in letters]}


def sentences(story: dict[str, Any]) -> Iterator[str]:
    """A whole story, one fact a line; ids, states and times, and nothing of what was written."""
    for item in story["items"]:
        became = f" message {item['message']}" if item["message"] else ""
        why = f": {item['reason']}" if item["reason"] else ""
        yield f"{item['received_at']}  received in delivery {item['event']}: {item['kind']}"
        yield (
            f"{item['applied_at']}  waited {item['waited_seconds']} s, then"
            f" {item['outcome']}{became}{why}"
        )
    for message in story["messages"]:
        yield from _of_message(message)
    for attempt in story["attempts"]:
        status = f", HTTP {attempt['http_status']}" if attempt["http_status"] else ""
        said = f"attempt {attempt['id']}: {attempt['outcome']}{status}{_error(attempt)}"
        yield f"{attempt['started_at']}  {said}"
    for status in story["statuses"]:
        parked = "" if status["applied"] else ", waits for its message"
        yield f"{status['provider_at']}  status {status['status']}{_error(status)}{parked}"
    for letter in story["dead_letters"]:
        yield (
            f"{letter['last_at']}  dead letter {letter['id']} ({letter['source']},"
            f" {letter['state']}, {letter['attempts']} attempts): {letter['reason']}"
        )


def _error(told: dict[str, Any]) -> str:
    return f", error {told['error']['code']}" if told["error"] else ""


def _of_message(message: dict[str, Any]) -> Iterator[str]:
    changes = [name for name in ("edited", "deleted") if message[name]]
    yield (
        f"{message['sort_at']}  message {message['id']} in conversation"
        f" {message['conversation']}: {', '.join([message['kind'], message['status'], *changes])}"
    )
    for media in message["media"]:
        yield f"{message['sort_at']}  file {media['id']} ({media['kind']}): {media['state']}"


def _item(item: InboundItem) -> dict[str, Any]:
    return {
        "event": item.event_id,
        "received_at": serializers.moment(item.received_at),
        "applied_at": serializers.moment(item.applied_at),
        "channel": item.channel_id,
        "kind": item.kind,
        "outcome": item.outcome,
        "reason": item.reason,
        "message": item.message_id,
    }


def _attempts(messages: list[Message], wamid: str) -> list[SendAttempt]:
    ours = {message.channel_id for message in messages}
    return list(
        SendAttempt.objects.filter(
            Q(entry__message__in=messages) | Q(provider_id=wamid, channel__in=ours)
        ).order_by("pk")
    )


def _attempt(attempt: SendAttempt) -> dict[str, Any]:
    error = (
        {"code": attempt.error_code, "title": attempt.error_title} if attempt.error_code else None
    )
    return {
        "id": str(attempt.attempt_id),
        "outcome": attempt.state,
        "started_at": serializers.moment(attempt.started_at),
        "http_status": attempt.http_status,
        "error": error,
    }
