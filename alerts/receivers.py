"""Facts that may be worth an alert: look now rather than at the next round."""

from __future__ import annotations

from typing import Any

from alerts.tasks import watch
from messaging.events import ChannelsAdded, DeadLettersAdded, announced
from messaging.hints import hint
from outbound.events import BreakersClosed, BreakersOpened


def connect() -> None:
    """Listen to facts of messaging and sending."""
    for fact in (ChannelsAdded, DeadLettersAdded, BreakersOpened, BreakersClosed):
        announced.connect(on_something_to_watch, sender=fact)


def on_something_to_watch(**_: Any) -> None:
    """Hint the round that would otherwise come with the clock."""
    hint(watch, queue="background")
