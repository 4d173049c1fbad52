"""Rules: one file each, with `evaluate(now)` that yields what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from alerts.findings import Finding
from alerts.rules import (
    breakers,
    dead_letters,
    ledger,
    new_channel,
    provider_news,
    provider_state,
    quarantine,
    sent_twice,
)

RULES: dict[str, Callable[[datetime], Iterable[Finding]]] = {
    "breakers": breakers.evaluate,
    "dead_letters": dead_letters.evaluate,
    "ledger": ledger.evaluate,
    "new_channel": new_channel.evaluate,
    "provider_news": provider_news.evaluate,
    "provider_state": provider_state.evaluate,
    "quarantine": quarantine.evaluate,
    "sent_twice": sent_twice.evaluate,
}
