"""A TCP proxy that breaks links on purpose: resets, silence, delay, replies that never come.

Runs in a thread of its own, so that tests of any kind can stand on both of its sides.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST instead of FIN


class Fault(StrEnum):
    """What the proxy does with what passes through it."""

    NONE = "none"
    REFUSE = "refuse"  # every connection is reset, new ones too
    SWALLOW_REPLIES = "swallow replies"  # requests arrive, nothing comes back
    SILENCE = "silence"  # nothing arrives on either side


@dataclass(slots=True, eq=False)
class Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter


class Proxy:
    """Listens on the loopback address for one target."""

    def __init__(self, host: str, port: int) -> None:
        self.delay_seconds = 0.0
        self.swallowed_bytes = 0
        self.port = 0
        self._target = (host, port)
        self._fault = Fault.NONE
        self._links: set[Link] = set()
        self._listening: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def open(self) -> None:
        self._thread.start()
        server = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._listening = asyncio.run_coroutine_threadsafe(server, self._loop).result(10)
        self.port = self._listening.sockets[0].getsockname()[1]

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        """End everything, and let it end."""
        if self._listening:
            self._listening.close()
        self._reset_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def set(self, fault: Fault) -> None:
        """From now on; REFUSE ends what is open. What was swallowed never comes."""
        self._fault = fault
        if fault is Fault.REFUSE:
            self.cut()

    def cut(self) -> None:
        """Reset all open connections; new ones are served as before."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(self._reset_all)
        self._loop.call_soon_threadsafe(done.set)
        done.wait(10)

    def _reset_all(self) -> None:
        for link in tuple(self._links):
            for writer in (link.client, link.server):
                _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._fault is Fault.REFUSE:
            _reset(client)
            return
        try:
            there, server = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(client)
            return
        link = Link(client, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, server, is_reply=False))
                group.create_task(self._carry(there, client, is_reply=True))
        except asyncio.CancelledError:
            return  # the proxy closes
        finally:
            self._links.discard(link)
            client.close()
            server.close()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while content := await reader.read(CHUNK_BYTES):
                await asyncio.sleep(self.delay_seconds)
                if self._fault is Fault.SILENCE or (
                    is_reply and self._fault is Fault.SWALLOW_REPLIES
                ):
                    self.swallowed_bytes += len(content)
                    continue
                writer.write(content)
                await writer.drain()
        if not writer.is_closing():
            with contextlib.suppress(OSError):
                writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    stream = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


@contextmanager
def between(url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of the server at `url`, and the URL through it."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    proxy = Proxy(parts.hostname, parts.port)
    proxy.open()
    try:
        login = parts.netloc.rpartition("@")[0]
        place = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
        yield proxy, urlunsplit(parts._replace(netloc=place))
    finally:
        proxy.close()
