"""Rules: one file each, with `evaluate(now)` that yields what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from alerts.findings import Finding
from alerts.rules import dead_letters, ledger, new_channel, provider_news, provider_state

RULES: dict[str, Callable[[datetime], Iterable[Finding]]] = {
    "dead_letters": dead_letters.evaluate,
    "ledger": ledger.evaluate,
    "new_channel": new_channel.evaluate,
    "provider_news": provider_news.evaluate,
    "provider_state": provider_state.evaluate,
}
