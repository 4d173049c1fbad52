"""Proof that a webhook comes from Twilio; pure.

HMAC-SHA1 with the account's auth token, in `X-Twilio-Signature`, of the address as Twilio called
it and every form field sorted by name; of the address alone where it holds the SHA-256 of a
JSON body. Source: Twilio, "Usage › Security › Validating requests".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

from messaging.providers.calls import SignedCall
from messaging.providers.twilio.form import Pair, pairs

HEADER = "x-twilio-signature"
# Twilio sends some dozens of fields; what a stranger sends must not keep the gateway busy.
MOST_FIELDS = 1000
BODY_HASH = b"bodySHA256"
AUTHORITY = re.compile(r"^(https?)://([^/?#]*?)(:\d*)?(?=[/?#]|$)", re.IGNORECASE)
STANDARD_PORTS = {"http": 80, "https": 443}


def sign(url: str, fields: Iterable[Pair], token: str) -> str:
    """The header's value. Of a repeated field each distinct value counts once, in order."""
    signed = url.encode("utf-8", "surrogateescape")
    signed += b"".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), signed, "sha1").digest()).decode()


def is_genuine(call: SignedCall, token: str) -> bool:
    """Whether the call is signed under `token`; never where that is empty.

    Compared in constant time, with and without a port: Twilio leaves it out or not.
    """
    fields = _signed_fields(call) if token else None
    if fields is None:
        return False
    given = call.headers.get(HEADER, "").encode("utf-8", "surrogateescape")
    matches = [
        hmac.compare_digest(sign(url, fields, token).encode(), given)
        for url in _addresses(call.url)
    ]
    return any(matches)


def _signed_fields(call: SignedCall) -> list[Pair] | None:
    """The fields that the signature covers; None where no signature could be right."""
    query = call.url.partition("?")[2].encode("utf-8", "surrogateescape")
    declared = next((value for name, value in pairs(query) if name == BODY_HASH), None)
    if declared is not None:
        is_same = hmac.compare_digest(hashlib.sha256(call.body).hexdigest().encode(), declared)
        return [] if is_same else None
    return pairs(call.body) if call.body.count(b"&") < MOST_FIELDS else None


def _addresses(url: str) -> list[str]:
    found = AUTHORITY.match(url)
    if found is None:
        return [url]
    scheme, host, _ = found.groups()
    rest = url[found.end() :]
    bare = f"{scheme}://{host}"
    port = STANDARD_PORTS[scheme.lower()]
    return [url, f"{bare}{rest}", f"{bare}:{port}{rest}"]
