"""Facts of messaging, told after commit: for speed only, since every one is also a row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.dispatch import Signal

announced = Signal()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesReceived:
    """Genuine new messages of customers, and how many came on each channel."""

    organization_id: int
    message_ids: tuple[int, ...]
    channel_counts: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMoved:
    """One conversation's numbers before and after a commit."""

    conversation_id: int
    from_seq: int
    to_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsChanged:
    """Conversations that changed in one commit, and the organisation's numbers around it."""

    organization_id: int
    from_seq: int
    to_seq: int
    moved: tuple[TimelineMoved, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptsParked:
    """Statuses of no message we know, with something that their sender had sent along."""

    receipt_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsAdded:
    """Addresses that appeared in a webhook and became channels by themselves."""

    organization_id: int
    channel_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLettersAdded:
    """Work that was given up and waits for a person."""

    organization_id: int
    dead_letter_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentHeard:
    """Somebody said whether we may write to them; what they said is a notice."""

    organization_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesFailed:
    """Messages of ours that the provider accepted and then reported as failed; perhaps again."""

    message_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChanged:
    """A connection's secrets or settings were saved."""

    connection_id: int


def announce(fact: object) -> None:
    """Tell receivers of `type(fact)` after commit; at most once, so never the only record."""
    send = partial(announced.send_robust, sender=type(fact), fact=fact)
    transaction.on_commit(send, robust=True)
