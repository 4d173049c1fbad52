"""Customer service window arithmetic; pure.

Free-form messages are allowed until 24 hours after the customer's last message, by the
provider's clock, whatever the time it reached us. Source: Cloud API, "Customer service windows".
"""

from __future__ import annotations

from datetime import datetime, timedelta

WINDOW = timedelta(hours=24)

# Kinds a customer's phone sends by itself or about other messages: they are shown, but they
# neither open the window nor wait for an answer.
SILENT_KINDS = frozenset({"reaction", "edit", "revoke", "system", "request_welcome"})


def expires_at(last_message_at: datetime) -> datetime:
    """When free text stops being allowed."""
    return last_message_at + WINDOW


def is_open(window_expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether free text is allowed at `now`; never before the customer wrote."""
    return window_expires_at is not None and now < window_expires_at


def is_genuine(kind: str) -> bool:
    """Whether a message of this kind is the customer speaking to us."""
    return kind not in SILENT_KINDS
