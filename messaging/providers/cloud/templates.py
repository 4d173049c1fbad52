"""Asking Graph for an account's templates, page by page.

A GET changes nothing, so one that broke is asked again a few times; a refusal is not.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp

from messaging.providers.answers import Answer, Failure
from messaging.providers.asking import LARGEST_ANSWER_BYTES
from messaging.providers.cloud.client import new_session, read_answer
from messaging.providers.cloud.template_decoding import (
    ListedTemplate,
    TemplatePage,
    decode_page,
)
from messaging.providers.sending import Account

FIELDS = (
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason"
)
PAGE_SIZE = 100
# More than any account may have; an address that pages for ever is left.
MOST_PAGES = 100
TOTAL_SECONDS = 30.0
PAUSES_SECONDS = (0.5, 2.0)
# A page of long templates is larger than any other answer.
LARGEST_PAGE_BYTES = 16 * LARGEST_ANSWER_BYTES


@dataclass(eq=False)
class NotListed(Exception):
    """The provider did not give the list; `answer` says why."""

    answer: Answer


async def list_templates(account: Account) -> list[ListedTemplate]:
    """All templates of the account. Raises NotListed; what was read so far counts for nothing."""
    found: list[ListedTemplate] = []
    after = ""
    async with new_session(total_seconds=TOTAL_SECONDS) as session:
        for _ in range(MOST_PAGES):
            page = await _page(session, account, after)
            found += page.templates
            if not page.after:
                return found
            after = page.after
    raise NotListed(Answer(failure=Failure.UNREADABLE))


async def _page(session: aiohttp.ClientSession, account: Account, after: str) -> TemplatePage:
    for pause in PAUSES_SECONDS:
        answer = await _ask(session, account, after)
        if isinstance(answer, TemplatePage):
            return answer
        if answer.code is not None:
            raise NotListed(answer)
        await asyncio.sleep(pause)
    answer = await _ask(session, account, after)
    if isinstance(answer, TemplatePage):
        return answer
    raise NotListed(answer)


async def _ask(
    session: aiohttp.ClientSession, account: Account, after: str
) -> TemplatePage | Answer:
    base = f"{account.base_url.rstrip('/')}/{account.api_version}"
    params = {"fields": FIELDS, "limit": str(PAGE_SIZE)} | ({"after": after} if after else {})
    try:
        async with session.get(
            f"{base}/{quote(account.account_id, safe='')}/message_templates",
            params=params,
            headers={"Authorization": f"Bearer {account.secrets.access_token}"},
            allow_redirects=False,
        ) as response:
            content = await _read(response.content)
            page = decode_page(content) if response.status == 200 else None
            return page or read_answer(response.status, content, response.headers)
    except (aiohttp.ClientError, OSError):
        return Answer(failure=Failure.INTERRUPTED)


async def _read(stream: aiohttp.StreamReader) -> bytes:
    """The body; of one that is larger than any list nothing."""
    parts: list[bytes] = []
    size = 0
    async for part in stream.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_PAGE_BYTES:
            return b""
    return b"".join(parts)
