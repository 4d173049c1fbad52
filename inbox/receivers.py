"""Facts of messaging become pushes: ids and numbers, no queries, no writes."""

from __future__ import annotations

from inbox import realtime
from messaging.events import ConversationsChanged, announced


def connect() -> None:
    """Listen, once per process."""
    announced.connect(
        on_conversations_changed,
        sender=ConversationsChanged,
        dispatch_uid="inbox.on_conversations_changed",
    )


def on_conversations_changed(
    sender: type[ConversationsChanged], fact: ConversationsChanged, **_: object
) -> None:
    """One push a commit; every web process spreads it among its own sockets."""
    realtime.push(
        realtime.organization_group(fact.organization_id),
        {
            "type": "conversations.changed",
            "organization": fact.organization_id,
            "from": fact.from_seq,
            "to": fact.to_seq,
            "moved": [
                [moved.conversation_id, moved.from_seq, moved.to_seq] for moved in fact.moved
            ],
        },
    )
