"""Asking a provider whether a connection works, before a customer finds out that it does not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from django.conf import settings
from django.utils.translation import gettext as _

from messaging.models import Channel, Connection, ProviderKind
from messaging.providers.questions import ASK, Account, Question, complaint_in, name_in
from messaging.secrets import ConnectionSecrets, SecretsUnreadable

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
LARGEST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the provider took our credentials, in a sentence for a person.

    `status` is the HTTP status of its answer, None where none came.
    """

    is_good: bool
    sentence: str
    status: int | None = None


def probe(connection: Connection, channel: Channel | None = None) -> Verdict:
    """Ask one harmless question, of `channel` where one is given. Never raises for what a network
    may do.
    """
    try:
        secrets = connection.secrets
    except SecretsUnreadable:
        return Verdict(False, _("Its secrets cannot be read with today's FIELD_ENCRYPTION_KEYS."))
    token = _token(connection.kind, secrets)
    if not token:
        return Verdict(False, _("It has no credentials for the provider's API."))
    channel = channel or connection.channels.filter(is_active=True).order_by("pk").first()
    base_url = connection.base_url or (
        settings.GRAPH_API_URL if connection.kind == ProviderKind.CLOUD else ""
    )
    account = Account(
        base_url=base_url.rstrip("/"),
        api_version=connection.api_version or settings.GRAPH_API_VERSION,
        account_id=connection.account_id,
        address=channel.external_id if channel else "",
        token=token,
    )
    return asyncio.run(_ask(connection.kind, ASK[connection.kind](account)))


def _token(kind: str, secrets: ConnectionSecrets) -> str:
    return {
        ProviderKind.CLOUD.value: secrets.access_token,
        ProviderKind.TWILIO.value: secrets.auth_token,
        ProviderKind.WAHA.value: secrets.api_key,
    }[kind]


async def _ask(kind: str, question: Question) -> Verdict:
    timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(
                question.url, headers=dict(question.headers), allow_redirects=False
            ) as response,
        ):
            content = await response.content.read(LARGEST_ANSWER_BYTES)
            return _verdict(kind, response.status, _read(content))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Verdict(
            False, _("No answer from the provider: %(error)s.") % {"error": type(error).__name__}
        )


def _read(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _verdict(kind: str, status: int, answer: Any) -> Verdict:
    if status == 200 and answer is not None:
        name = name_in(kind, answer)
        return Verdict(True, _("The provider answers: %(name)s.") % {"name": name}, status)
    if status in (401, 403):
        reason = _("The provider refuses the credentials (HTTP %(status)d).")
    else:
        reason = _("The provider answers HTTP %(status)d.")
    sentence = f"{reason % {'status': status}} {complaint_in(answer)}".strip()
    return Verdict(False, sentence, status)
