"""Where Twilio keeps a file.

Its address asks for the account's credentials and then redirects to storage elsewhere, which
must not see them. Source: Twilio, "Media resource" and "HTTP authentication for media".
"""

from __future__ import annotations

import base64

from messaging.media_failures import NotFetched
from messaging.providers.files import Ask, FileAddress, FileReference

HOSTS = ("api.twilio.com", ".twilio.com")
STORAGE_HOSTS = (*HOSTS, ".twiliocdn.com", ".amazonaws.com")


async def locate(reference: FileReference, ask: Ask) -> FileAddress:
    """The address from the webhook. Raises NotFetched."""
    if not reference.url:
        raise NotFetched("no_address")
    pair = f"{reference.account_id}:{reference.secrets.auth_token}"
    return FileAddress(
        url=reference.url,
        headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
        hosts=HOSTS,
        next_hosts=STORAGE_HOSTS,
    )
