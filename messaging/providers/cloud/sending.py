"""Sending through the Cloud API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from messaging.providers.answers import Answer
from messaging.providers.cloud.client import CloudClient
from messaging.providers.cloud.encoding import encode
from messaging.providers.sending import Account, Capabilities, Sending


def problems(kind: str, text: str, content: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the platform would refuse."""
    return {}


async def send(
    session: aiohttp.ClientSession, account: Account, address: str, body: Mapping[str, Any]
) -> Answer:
    """Ask Graph, once, to send `body` from the number `address`."""
    client = CloudClient(
        session=session,
        base_url=account.base_url,
        api_version=account.api_version,
        access_token=account.secrets.access_token,
    )
    return await client.send(address, body)


SENDING = Sending(
    capabilities=Capabilities(
        kinds=frozenset({"text"}),
        # Where both are known a phone number always works.
        addresses=("phone", "bsuid", "parent_bsuid"),
        has_window=True,
        uploads=True,
    ),
    encode=encode,
    problems=problems,
    send=send,
)
