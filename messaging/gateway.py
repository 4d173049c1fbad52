"""The fast path in: raw bytes, signature, group commit, 200. Nothing is parsed here.

An ASGI callable without Django's request handling, served by granian as the gateway and, for
the same addresses, by the web process. Anything that is not known to be stored is answered
503, so that the provider repeats it.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from django.conf import settings
from prometheus_client import Counter, Histogram

from messaging.directory import Address, Directory
from messaging.failpoints import failpoint
from messaging.ingest import Committer, Delivery, NotStored, Refused, Room
from messaging.intake import (
    BodyReader,
    Disconnected,
    Receive,
    Scope,
    Send,
    TooLarge,
    TooSlow,
    caller,
    headers_of,
    respond,
)
from messaging.nudges import Nudger
from messaging.providers import PROVIDERS
from messaging.providers.calls import SignedCall
from messaging.spool import Spool
from messaging.spooling import Spooling
from messaging.strangers import Strangers

logger = logging.getLogger(__name__)

Answer = tuple[int, bytes]

SLUG = re.compile(r"^[-a-zA-Z0-9_]{1,60}$")
KEPT_HEADERS = frozenset({"content-type", "user-agent"})

received = Counter(
    "whatsapp_webhooks_received", "Webhook calls by provider and answer.", ["provider", "status"]
)
duration = Histogram(
    "whatsapp_webhook_duration_seconds",
    "Time from the first byte to the answer.",
    ["provider"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5),
)


class TooManyUnknown(Exception):
    """This caller has asked for too many addresses that do not exist."""


ANSWERS: dict[type[Exception], Answer] = {
    TooLarge: (413, b"the body is over 4 MB"),
    TooSlow: (408, b"the body took too long"),
    TooManyUnknown: (429, b"too many unknown addresses"),
    NotStored: (503, b"not stored, please repeat"),
    Refused: (503, b"not stored, please repeat"),
}


class Gateway:
    """Webhooks of every provider, inside whichever event loop serves it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._strangers = Strangers(settings.WEBHOOK_UNSIGNED_RATE)
        self._room = Room()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one webhook call."""
        started = time.perf_counter()
        self.open()
        kind, slug = _place(scope["path"])
        reader = BodyReader(self._room)
        try:
            status, body = await self._answer(scope, receive, reader, (kind, slug))
        except Disconnected:
            return
        except tuple(ANSWERS) as error:
            status, body = ANSWERS[type(error)]
        finally:
            reader.forget()
        label = kind if kind in PROVIDERS else "unknown"
        received.labels(label, str(status)).inc()
        duration.labels(label).observe(time.perf_counter() - started)
        await respond(send, status, body)
        failpoint("gateway.answered")

    def open(self) -> None:
        """Open what belongs to the running loop; a new loop gets its own.

        With a spool the time for an answer is shared: a quarter for the look-up, half for the
        commit, the rest for the disk.
        """
        loop = asyncio.get_running_loop()
        if self._loop is loop:
            return
        self._loop = loop
        url, timeout = settings.DATABASE_URL, settings.WEBHOOK_TIMEOUT
        spool = _spool()
        part = timeout / 4 if spool else timeout
        self._nudger = Nudger()
        self._directory = Directory(url, timeout=part, may_be_stale=spool is not None)
        self._committer = Committer(
            url, timeout=timeout / 2 if spool else timeout, committed=self._nudger.nudge
        )
        self._spooling = (
            Spooling(spool, database_url=url, timeout=part, committed=self._nudger.nudge)
            if spool
            else None
        )

    async def close(self) -> None:
        """Refuse what still waits and let go of the database."""
        if self._loop is not None:
            await self._committer.close()
            await self._directory.close()
            if self._spooling:
                await self._spooling.close()
            self._loop = None

    async def _answer(
        self, scope: Scope, receive: Receive, reader: BodyReader, place: tuple[str, str]
    ) -> Answer:
        headers = headers_of(scope)
        who = caller(scope, headers)
        kind, slug = place
        address = await self._find(kind, slug, who) if kind in PROVIDERS else None
        if address is None:
            return 404, b"no such connection"
        if scope["method"] == "GET" and kind == "cloud":
            return _verify(scope, address)
        if scope["method"] != "POST":
            return 405, b"this address takes webhooks"
        body = await reader.read(receive, headers)
        provider = PROVIDERS[kind]
        failpoint("gateway.called")
        call = SignedCall(body=body, headers=headers, url=_url(scope, headers))
        if not provider.is_genuine(call, address.secrets):
            known = self._strangers.admit(who)
            return (403, b"wrong signature") if known else (429, b"too many wrong signatures")
        failpoint("gateway.verified")
        wanted = KEPT_HEADERS | provider.kept_headers
        await self._store(address.connection_id, body, _storable(headers, wanted))
        failpoint("gateway.stored")
        return 200, b""

    async def _find(self, kind: str, slug: str, who: str) -> Address | None:
        """The address; one never heard of costs a stranger's token. Raises TooManyUnknown."""
        if self._directory.is_familiar(kind, slug):
            return await self._directory.find(kind, slug)
        if not self._strangers.admit(who):
            raise TooManyUnknown
        try:
            address = await self._directory.find(kind, slug)
        except NotStored:
            # Postgres did not say: whoever it is may be genuine, and must be able to repeat.
            self._strangers.forgive(who)
            raise
        if address is not None:
            self._strangers.forgive(who)
        return address

    async def _store(self, connection_id: int, body: bytes, headers: dict[str, str]) -> None:
        """Into Postgres, else into the spool where there is one. Raises NotStored."""
        arrived = datetime.now(UTC)
        delivery = Delivery(connection_id=connection_id, body=body, headers=headers)
        try:
            await self._committer.store(delivery)
        except Refused:
            raise
        except NotStored:
            if self._spooling is None:
                raise
            delivery.received_at = arrived
            await self._spooling.store(delivery)


def _storable(headers: dict[str, str], wanted: frozenset[str]) -> dict[str, str]:
    """Those to be stored; without NUL, for which Postgres would refuse the whole delivery."""
    return {name: value.translate({0: None}) for name, value in headers.items() if name in wanted}


def _spool() -> Spool | None:
    """The spool, where one is configured; its folder is made if it is missing."""
    if not settings.SPOOL_DIR:
        return None
    try:
        Path(settings.SPOOL_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        logger.error("no spool folder", extra={"error": type(error).__name__})
    return Spool(settings.SPOOL_DIR, most_bytes=settings.SPOOL_MAX_BYTES)


def _place(path: str) -> tuple[str, str]:
    parts = path.strip("/").split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and SLUG.match(parts[2]) else ("", "")


def _verify(scope: Scope, address: Address) -> Answer:
    """Meta's handshake: the challenge back, unchanged, if the token is ours.

    Source: Cloud API, "Webhooks › Verification requests".
    """
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    token = query.get("hub.verify_token", [""])[0].encode()
    expected = address.secrets.verify_token.encode()
    if query.get("hub.mode") == ["subscribe"] and expected and hmac.compare_digest(token, expected):
        return 200, query.get("hub.challenge", [""])[0].encode()
    return 403, b"wrong verify token"


def _url(scope: Scope, headers: dict[str, str]) -> str:
    """The address the provider called: as configured, else with scheme and Host as received."""
    base = settings.PUBLIC_URL or f"{scope.get('scheme', 'http')}://{headers.get('host', '')}"
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    return f"{base}{path}?{query}" if query else f"{base}{path}"


application = Gateway()
