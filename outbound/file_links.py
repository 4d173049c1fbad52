"""Public addresses of files that a provider fetches by itself; short-lived and signed.

Whoever has the address has the file, so it says nothing but which one, and for how long.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing

SALT = "outbound.file_links"
# A provider may queue a message for this long before it fetches. Source: Twilio, "Messages
# resource › ValidityPeriod".
LIFETIME = timedelta(hours=4)
PATH = "files"


def link_to(media_id: int) -> str:
    """The address of a file from now on; "" where this inbox has no public address."""
    if not settings.PUBLIC_URL:
        return ""
    return f"{settings.PUBLIC_URL.rstrip('/')}/{PATH}/{token_for(media_id)}/"


def token_for(media_id: int) -> str:
    """What names a file in an address."""
    return signing.dumps(media_id, salt=SALT)


def media_id_in(token: str) -> int | None:
    """The file that a token names; None for one that is not ours, or too old."""
    try:
        found = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None
