"""The story of one message, from delivery to delivery: what arrived, left, and was heard."""

from __future__ import annotations

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
    hidden = found.messages.exclude(pk__in=access.messages(membership).values("pk"))
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
