"""What a provider made of a request to send, the same for every provider; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why there is no answer that can be read."""

    # Name resolution, connection or TLS failed, or its time ran out: no byte of ours left.
    NOT_CONNECTED = "not_connected"
    # We were too late to begin, so we did not.
    NOT_STARTED = "not_started"
    # Something broke once bytes may have left: reset, disconnect, time ran out.
    INTERRUPTED = "interrupted"
    # A response came and is none of the provider's: a proxy's page, a redirect, a cut body.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of one request: an id, an error of the provider, or a failure to get either.

    Exactly one of `provider_id`, `code` and `failure` is set. `retry_after_seconds` is how long
    the provider asked us to wait, if it did.
    """

    http_status: int | None = None
    provider_id: str = ""
    code: int | None = None
    title: str = ""
    details: str = ""
    failure: Failure | None = None
    retry_after_seconds: float | None = None
