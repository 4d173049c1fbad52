"""Leases as socket messages: a frame of the browser, one use case, a frame back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404

from inbox import leasing, realtime, tickets
from inbox.refusals import ReadOnly
from locking.errors import LeaseHeld, LeaseLost

if TYPE_CHECKING:
    from inbox.tickets import Ticket
    from locking.models import Lease
    from messaging.models import Membership

TYPES = frozenset({"lock", "unlock", "heartbeat", "takeover"})
DENIED = {"type": "lease.refused", "code": "denied", "held_by": None, "until": None}


def answer(ticket: Ticket, frame: dict[str, Any], conversation_id: int) -> dict[str, Any]:
    """`answer_to` with the rights of this moment, not of the socket's beginning."""
    membership = tickets.membership_of(ticket)
    if membership is None:
        return _head(frame, conversation_id) | DENIED
    return answer_to(membership, frame, conversation_id)


def answer_to(
    membership: Membership, frame: dict[str, Any], conversation_id: int
) -> dict[str, Any]:
    """`lease` with its token (None where it was given back), or `lease.refused` with why."""
    head = _head(frame, conversation_id)
    try:
        lease = _ask(membership, frame, conversation_id)
    except (LeaseHeld, LeaseLost) as refusal:
        return head | _refused(refusal)
    except (Http404, ReadOnly):
        return head | DENIED
    return head | _granted(lease)


def now(conversation_id: int) -> dict[str, Any]:
    """`lease.changed` for somebody who has just opened a conversation they may see."""
    lease = leasing.holder(conversation_id)
    if lease is None:
        return leasing.changed_frame(conversation_id, None, None)
    return leasing.changed_frame(conversation_id, lease.holder, lease.expires_at)


def _head(frame: dict[str, Any], conversation_id: int) -> dict[str, Any]:
    group = realtime.conversation_group(conversation_id)
    return {"group": group, "conversation": conversation_id, "id": frame.get("id")}


def _granted(lease: Lease | None) -> dict[str, Any]:
    token, until = (lease.token, lease.expires_at) if lease is not None else (None, None)
    return {"type": "lease", "lease_token": token, "until": realtime.moment(until)}


def _refused(refusal: LeaseHeld | LeaseLost) -> dict[str, Any]:
    if refusal.by is None:
        return DENIED | {"code": "lost"}
    person = {"id": refusal.by.pk, "name": str(refusal.by)}
    return DENIED | {"code": "held", "held_by": person, "until": realtime.moment(refusal.until)}


def _ask(membership: Membership, frame: dict[str, Any], conversation_id: int) -> Lease | None:
    if frame["type"] == "lock":
        return leasing.lock(membership, conversation_id)
    if frame["type"] == "takeover":
        return leasing.take_over(membership, conversation_id)
    token = frame.get("lease_token")
    if type(token) is not int or not 0 <= token < 2**63:
        raise LeaseLost
    if frame["type"] == "heartbeat":
        return leasing.heartbeat(membership, conversation_id, token)
    leasing.unlock(membership, conversation_id, token)
    return None
