"""Sending through the Cloud API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from messaging.providers.answers import Answer
from messaging.providers.cloud.checks import problems
from messaging.providers.cloud.client import CloudClient
from messaging.providers.cloud.encoding import encode
from messaging.providers.sending import Account, Capabilities, OutgoingBytes, Sending

KINDS = frozenset(
    {
        "text",
        "image",
        "video",
        "audio",
        "voice",
        "document",
        "sticker",
        "location",
        "contacts",
        "reaction",
        "interactive",
        "template",
    }
)


async def send(
    session: aiohttp.ClientSession, account: Account, address: str, body: Mapping[str, Any]
) -> Answer:
    """Ask Graph, once, to send `body` from the number `address`."""
    return await _client(session, account).send(address, body)


async def upload(
    session: aiohttp.ClientSession, account: Account, address: str, file: OutgoingBytes
) -> Answer:
    """Hand a file to the number `address`, once."""
    return await _client(session, account).upload(address, file)


async def mark_read(
    session: aiohttp.ClientSession,
    account: Account,
    address: str,
    message_id: str,
    *,
    is_typing: bool,
) -> Answer:
    """Show a customer of the number `address` that their message was read."""
    return await _client(session, account).mark_read(address, message_id, is_typing=is_typing)


def _client(session: aiohttp.ClientSession, account: Account) -> CloudClient:
    return CloudClient(
        session=session,
        base_url=account.base_url,
        api_version=account.api_version,
        access_token=account.secrets.access_token,
    )


SENDING = Sending(
    capabilities=Capabilities(
        kinds=KINDS,
        # Where both are known a phone number always works.
        addresses=("phone", "bsuid", "parent_bsuid"),
        has_window=True,
        uploads=True,
    ),
    encode=encode,
    problems=problems,
    send=send,
    upload=upload,
    mark_read=mark_read,
)
