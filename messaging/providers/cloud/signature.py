"""Proof that a Cloud API webhook comes from Meta; pure.

HMAC-SHA256 of the exact bytes of the body with the app secret, in `X-Hub-Signature-256`.
Source: Cloud API, "Webhooks › Validating payloads". The SHA-1 header is ignored.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from messaging.providers.calls import SignedCall

HEADER = "x-hub-signature-256"


def sign(body: bytes, secret: str) -> str:
    """The header's value for `body`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_genuine(call: SignedCall, secrets: Iterable[str]) -> bool:
    """Whether the call is signed under one of `secrets`; two are live during a rotation.

    Compared in constant time; every secret is tried whatever the first one says.
    """
    given = call.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    matches = [
        hmac.compare_digest(sign(call.body, secret).encode(), given) for secret in secrets if secret
    ]
    return any(matches)
