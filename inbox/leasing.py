"""Whose turn it is to reply: the lease on a conversation, taken in somebody's name and told to all.

The lease is Postgres' (`locking.leases`); what is told is a hint that nothing depends on.
Taking over is audited and stands in the timeline.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from inbox import access, audit, queries, realtime, unions
from inbox.refusals import ReadOnly
from locking import leases, presence
from locking.errors import LeaseHeld
from locking.leases import TakenOver
from locking.models import Lease
from locking.presence import Mark
from messaging import internal, timeline
from messaging.models import Conversation, Membership, User

SEAT = "lease"
EVENT = "takeover"


def resource_of(conversation_id: int) -> str:
    """What leases and presence call a conversation."""
    return f"conversation:{conversation_id}"


def room_of(organization_id: int) -> str:
    """What presence calls an organisation."""
    return f"organization:{organization_id}"


def replying(conversation_id: int, user_id: int) -> Mark:
    """What presence shows of somebody who holds the lease, or types."""
    return Mark(resource_of(conversation_id), user_id, SEAT, presence.REPLYING)


def lock(membership: Membership, conversation_id: int) -> Lease:
    """Take the lease, or renew one's own. Raises Http404, ReadOnly or LeaseHeld."""
    place = _place(membership, conversation_id)
    lease = leases.acquire(resource_of(place.pk), holder=membership.user)
    tell(place, membership.user, until=lease.expires_at)
    return lease


def heartbeat(membership: Membership, conversation_id: int, token: int) -> Lease:
    """Hold on to it. Raises Http404, ReadOnly or LeaseLost."""
    place = _place(membership, conversation_id)
    lease = leases.renew(resource_of(place.pk), holder=membership.user, token=token)
    tell(place, membership.user, until=lease.expires_at)
    return lease


def unlock(membership: Membership, conversation_id: int, token: int) -> bool:
    """Give it back; False where it was not held under this token. Raises Http404 or ReadOnly."""
    place = _place(membership, conversation_id)
    was_held = leases.release(resource_of(place.pk), holder=membership.user, token=token)
    if was_held:
        tell(place, None, former_id=membership.user_id)
    return was_held


def take_over(membership: Membership, conversation_id: int) -> Lease:
    """Take it whoever holds it; they are told at once. Raises Http404 or ReadOnly."""
    place = _place(membership, conversation_id)
    with transaction.atomic():
        conversation = timeline.lock([place.pk])[place.pk]
        taken = take_turn(membership.user, conversation)
        after_taking(membership.user, conversation, taken)
        if taken.former_holder_id is not None:
            timeline.publish([conversation])
    return taken.lease


def holder(conversation_id: int) -> Lease | None:
    """The lease in force on a conversation that was found already."""
    return leases.holder_of(resource_of(conversation_id))


def shown(membership: Membership, conversation: Conversation) -> dict[str, Any]:
    """What the page says of it: the lease somebody else holds, or the token of one's own."""
    lease = holder(conversation.pk)
    is_own = lease is not None and lease.holder_id == membership.user_id
    return {
        "lease": None if is_own else lease,
        "lease_token": lease.token if lease is not None and is_own else None,
        "lease_heartbeat": settings.LEASE_HEARTBEAT_SECONDS,
    }


# --- inside a transaction that has locked the conversation ---------------------------------------


def need_turn(author: User, conversation: Conversation) -> None:
    """Nobody else holds the lease, nor takes it until this transaction ends. Raises LeaseHeld."""
    lease = leases.hold_still(resource_of(conversation.pk))
    if lease is not None and lease.holder_id != author.pk:
        raise LeaseHeld(lease.holder, lease.expires_at)


def take_turn(author: User, conversation: Conversation) -> TakenOver:
    """Take the lease, with a line in the timeline where somebody else held it."""
    taken = leases.take_over(resource_of(conversation.pk), holder=author)
    if taken.former_holder_id is not None:
        former = User.objects.get(pk=taken.former_holder_id)
        internal.add_event(conversation, EVENT, by=author, **{"from": _person(former)})
    return taken


def after_taking(author: User, conversation: Conversation, taken: TakenOver) -> None:
    """Audit it, and tell; comes after lanes, before the organisation's counter."""
    former_id = taken.former_holder_id
    if former_id is not None:
        subject = f"conversation:{conversation.pk}"
        details = {"former_holder": former_id}
        audit.record(
            conversation.organization_id, "take_over_lease", subject, by=author, details=details
        )
    tell(conversation, author, until=taken.lease.expires_at, former_id=former_id)


def after_reply(
    author: User, conversation: Conversation, *, token: int | None, taken: TakenOver | None
) -> None:
    """The turn is over: give the lease back that the reply came with, or took."""
    if taken is not None:
        after_taking(author, conversation, taken)
        token = taken.lease.token
    if token is not None and leases.release(
        resource_of(conversation.pk), holder=author, token=token
    ):
        tell(conversation, None, former_id=author.pk)


# --- telling -------------------------------------------------------------------------------------


def tell(
    conversation: Conversation,
    holder: User | None,
    *,
    until: datetime | None = None,
    former_id: int | None = None,
) -> None:
    """Say after commit who holds the lease now, and who did until now, if anybody did."""
    frame = {
        **changed_frame(conversation.pk, holder, until),
        "organization": conversation.organization_id,
        "former": former_id,
    }
    transaction.on_commit(partial(_spread, frame), robust=True)


def changed_frame(
    conversation_id: int, holder: User | None, until: datetime | None
) -> dict[str, Any]:
    """`lease.changed`, as browsers get it."""
    return {
        "type": "lease.changed",
        "group": realtime.conversation_group(conversation_id),
        "conversation": conversation_id,
        "holder": None if holder is None else _person(holder),
        "until": realtime.moment(until),
    }


def _person(user: User) -> dict[str, Any]:
    return {"id": user.pk, "name": str(user)}


def _spread(frame: dict[str, Any]) -> None:
    room, place = room_of(frame["organization"]), frame["conversation"]
    if frame["former"] is not None:
        presence.drop(room, [replying(place, frame["former"])])
    if frame["holder"] is not None:
        mark = replying(place, frame["holder"]["id"])
        presence.put(room, [mark], seconds=settings.LEASE_SECONDS)
    realtime.push(realtime.organization_group(frame["organization"]), frame)


def _place(membership: Membership, conversation_id: int) -> Conversation:
    """Where a reply to this conversation would go. Raises Http404 or ReadOnly."""
    seen = queries.with_merged(access.conversations(membership))
    found = access.conversation_or_404(membership, conversation_id, seen)
    if not membership.replies:
        raise ReadOnly
    return unions.unions_of([found], seen)[found.pk].main
