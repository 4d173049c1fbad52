"""The only file that opens a connection to Twilio to send; a request is made once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from messaging.providers.answers import Answer
from messaging.providers.asking import (
    UNREADABLE,
    accepted,
    ask,
    is_refusal,
    plain,
    retry_after,
    unreadable,
)
from messaging.providers.sending import Account
from messaging.providers.twilio.encoding import PREFIX

BASE_URL = "https://api.twilio.com"
VERSION = "2010-04-01"


async def send(
    session: aiohttp.ClientSession, account: Account, address: str, body: Mapping[str, Any]
) -> Answer:
    """Ask Twilio, once, to send `body` from the number `address` (digits)."""
    base = (account.base_url or BASE_URL).rstrip("/")
    fields = {"From": f"{PREFIX}+{address.removeprefix('+')}", **body}
    if account.status_url:
        fields["StatusCallback"] = account.status_url
    login = f"{account.account_id}:{account.secrets.auth_token}".encode()
    return await ask(
        session,
        "POST",
        f"{base}/{VERSION}/Accounts/{quote(account.account_id, safe='')}/Messages.json",
        read=read_answer,
        data=fields,
        headers={"Authorization": f"Basic {b64encode(login).decode()}"},
    )


class _Body(msgspec.Struct):
    sid: str | None = None
    code: int | None = None
    message: str | None = None
    more_info: str | None = None
    status: Any = None  # of a message a word, of an error its HTTP status


_DECODER = msgspec.json.Decoder(_Body, strict=False)


def read_answer(status: int, content: bytes | None, headers: Mapping[str, str]) -> Answer:
    """What Twilio said: a success needs a 2xx and a sid, a refusal a 4xx and a body of Twilio's.

    Of anything else nobody knows what became of the message.
    """
    if content is None:
        return unreadable(status)
    try:
        body = _DECODER.decode(content)
    except UNREADABLE:
        return unreadable(status)
    if 200 <= status < 300 and body.sid:
        return accepted(status, body.sid)
    if not is_refusal(status) or (body.code is None and body.message is None):
        return unreadable(status)
    return Answer(
        http_status=status,
        # An error that names no code is known by its status alone.
        code=status if body.code is None else body.code,
        title=plain(body.message),
        details=plain(body.more_info),
        retry_after_seconds=retry_after(headers),
    )
