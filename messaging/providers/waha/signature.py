"""Proof that a webhook comes from our own WAHA server; pure.

HMAC-SHA512 of the exact bytes of the body, in hex, in `X-Webhook-Hmac`.
Source: WAHA, "Events › HMAC authentication". The time that is sent along is not covered by it.
"""

from __future__ import annotations

import hashlib
import hmac

from messaging.providers.calls import SignedCall

HEADER = "x-webhook-hmac"
ALGORITHM_HEADER = "x-webhook-hmac-algorithm"
ALGORITHM = "sha512"


def sign(body: bytes, key: str) -> str:
    """The header's value for `body`."""
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def is_genuine(call: SignedCall, key: str) -> bool:
    """Whether the call is signed under `key`; never where that is empty. In constant time."""
    algorithm = call.headers.get(ALGORITHM_HEADER, "").strip().lower()
    if not key or algorithm not in ("", ALGORITHM):
        return False
    given = call.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    return hmac.compare_digest(sign(call.body, key).encode(), given)
