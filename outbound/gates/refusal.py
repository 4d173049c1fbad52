from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a message does not leave; `code` is one of `outbound.words.OWN_CODES`.

    With `waits`, it is tried again by itself and no attempt is spent: after `seconds`, or by
    the schedule of throttles where that is None.
    """

    code: str
    waits: bool = False
    seconds: float | None = None
