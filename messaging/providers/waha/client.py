"""The only file that opens a connection to WAHA to send; a request is made once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import aiohttp

from messaging.providers.answers import Answer, Failure
from messaging.providers.asking import (
    accepted,
    ask,
    is_refusal,
    plain,
    retry_after,
    unreadable,
)
from messaging.providers.sending import Account
from messaging.providers.values import Undecodable, mapping, parse
from messaging.providers.waha.chats import id_of

SAID_IN = ("message", "error")


async def send(
    session: aiohttp.ClientSession, account: Account, address: str, body: Mapping[str, Any]
) -> Answer:
    """Make the call `body`, once, in the session `address`."""
    is_nameless = body["method"] == "PUT"
    call = {"session": address, **body["json"]}
    if "data" in body:
        call["file"] = {**call["file"], "data": body["data"]}
    if "file" in call and not call["file"].keys() & {"url", "data"}:
        return Answer(failure=Failure.NOT_STARTED)  # storage could not give its bytes just now
    return await ask(
        session,
        body["method"],
        f"{account.base_url.rstrip('/')}{body['path']}",
        read=read_nameless if is_nameless else read_answer,
        json=call,
        headers={"X-Api-Key": account.secrets.api_key},
    )


def read_nameless(status: int, content: bytes | None, headers: Mapping[str, str]) -> Answer:
    """As `read_answer`; but some engines name no message for a reaction, and nothing will ever
    speak of it by an id, so then it has one of ours.
    """
    found = read_answer(status, content, headers)
    is_taken = 200 <= status < 300 and isinstance(_parsed(content), dict | list | bool | None)
    if found.failure is None or not is_taken:
        return found
    return accepted(status, f"reaction_{uuid4().hex}")


def read_answer(status: int, content: bytes | None, headers: Mapping[str, str]) -> Answer:
    """What WAHA said: a success needs a 2xx and an id, which is text or an object that has it as
    text; a refusal a 4xx and a body of WAHA's. Of anything else nobody knows what became of the
    message: an engine in trouble may have sent it.
    """
    body = mapping(_parsed(content))
    if 200 <= status < 300:
        return accepted(status, _sent_id(body))
    if not is_refusal(status) or not any(name in body for name in (*SAID_IN, "statusCode")):
        return unreadable(status)
    return Answer(
        http_status=status,
        # WAHA has no codes of its own.
        code=status,
        title=plain(next((body[name] for name in SAID_IN if body.get(name)), "")),
        details=plain(body.get("status")),
        retry_after_seconds=retry_after(headers),
    )


def _sent_id(body: dict[str, Any]) -> str:
    """The id as webhooks carry it; some engines wrap what they sent."""
    return id_of(body.get("id")) or id_of(mapping(mapping(body.get("_data")).get("id")))


class _Nothing:
    """What cannot be read."""


def _parsed(content: bytes | None) -> Any:
    if content is None:
        return _Nothing()
    if not content.strip():
        return None
    try:
        return parse(content)
    except Undecodable:
        return _Nothing()
