"""The status ladder; pure.

Statuses repeat and arrive in any order, so a status only moves up. `failed` stands apart: it
wins over what was only accepted or sent, and loses to evidence that the message was seen.
Source: Cloud API, "Webhooks › statuses object".
"""

from __future__ import annotations

from collections.abc import Iterable

RANK = {
    "pending": 0,
    "needs_review": 1,
    "accepted": 2,
    "sent": 3,
    "failed": 4,
    "delivered": 5,
    "read": 6,
    "played": 7,
}
HEARD = frozenset({"sent", "delivered", "read", "played", "failed"})


def advance(current: str, heard: Iterable[str]) -> str:
    """The status after `heard`, in whatever order and however often.

    A status we do not know, or one a person has closed (`discarded`), changes nothing.
    """
    if current not in RANK:
        return current
    known = [status for status in heard if status in HEARD]
    return max([current, *known], key=RANK.__getitem__)
