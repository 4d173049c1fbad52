"""`draft.changed` on its way to browsers: whose draft came or went, to all who see where."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from inbox import realtime
from messaging.models import Conversation, User

if TYPE_CHECKING:
    from inbox.consumers import InboxConsumer

TYPE = "draft.changed"


def push(conversation: Conversation, user: User, *, has_draft: bool) -> None:
    """Hint every process; never what the draft says."""
    frame = {
        "type": TYPE,
        "organization": conversation.organization_id,
        "channel": conversation.channel_id,
        "team": conversation.team_id,
        "conversation": conversation.pk,
        "user": {"id": user.pk, "name": str(user)},
        "has_draft": has_draft,
    }
    realtime.push(realtime.organization_group(conversation.organization_id), frame)


def deliveries(
    sockets: Iterable[InboxConsumer], frame: dict[str, Any]
) -> Iterator[Awaitable[None]]:
    """The frame for each socket whose scope sees the conversation."""
    place = Conversation(
        pk=frame["conversation"],
        organization_id=frame["organization"],
        channel_id=frame["channel"],
        team_id=frame["team"],
    )
    told = {name: frame[name] for name in ("type", "conversation", "user", "has_draft")}
    group = realtime.organization_group(frame["organization"])
    for socket in tuple(sockets):
        if socket.ticket.scope.sees(place):
            yield socket.tell({**told, "group": group})
