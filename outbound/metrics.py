"""Figures of what leaves. Labels hold slugs and codes, never ids or phone numbers."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from messaging.sql import execute

sent_total = Counter("outbound_message_sent", "Messages the provider accepted.")
failed_total = Counter(
    "outbound_message_failed",
    "Messages that were given up, by the provider's code or our own word.",
    ["channel", "error_code"],
)
unknown_total = Counter("inbox_sends_unknown", "Attempts whose outcome is unknown.", ["channel"])
confirmed_total = Counter(
    "inbox_sends_confirmed",
    "Attempts whose outcome was learned from a receipt, by what became of them.",
    ["outcome"],
)
duplicates_total = Counter(
    "inbox_send_duplicates", "Messages that the provider took twice, after they left again."
)
resent_total = Counter(
    "inbox_sends_repeated", "Messages of unknown outcome that left again by policy."
)
unfenced_total = Counter("inbox_sends_unfenced", "Attempts dropped at the fence, unsent.")
permits_total = Counter(
    "inbox_permits", "Places for messages to leave that were handed out.", ["backend"]
)
rate_cuts_total = Counter("inbox_rate_cuts", "Times a provider's throttle lowered a rate.")
limiter_silent_total = Counter("inbox_limiter_silent", "Adjustments that Redis did not take.")
send_seconds = Histogram(
    "inbox_send_seconds",
    "Time from being ready to leave to the provider's acceptance.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)


def queue_figures() -> dict[str, float]:
    """What waits to leave, for the collector of `outbound_message_queue_depth`.

    `depth` entries are open, the oldest of those that were ready for `oldest_seconds`;
    `due` could leave now, `confirming` wait for proof that they left.
    """
    [(depth, due, confirming, oldest)] = execute(FIGURES)
    return {
        "depth": float(depth),
        "due": float(due),
        "confirming": float(confirming),
        "oldest_seconds": float(oldest),
    }


FIGURES = """
SELECT count(*),
  count(*) FILTER (WHERE due_at <= statement_timestamp() AND state <> 'confirming'),
  count(*) FILTER (WHERE state = 'confirming'),
  GREATEST(EXTRACT(epoch FROM statement_timestamp() - min(ready_at)), 0)
FROM outbound_outboxentry WHERE finished_at IS NULL
"""
