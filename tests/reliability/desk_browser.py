"""One agent's browser without the browser: a list and one timeline, kept as its scripts keep them.

Frames that join are applied, a number that is ahead makes it pull, silence makes it connect anew;
whatever else happens is repaired by the next heartbeat.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import aiohttp

FIRST_SECONDS = 0.5
SLOWEST_SECONDS = 20.0
POLL_SECONDS = 5.0
PATIENCE_SECONDS = 15.0  # for an answer; the next frame asks again
LOSABLE = ("list.changed", "conversation.changed")
STUMBLES = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(slots=True)
class Shown:
    """What is on the screen: rows by their number, messages by their number and status."""

    rows: dict[int, int] = field(default_factory=dict)
    messages: dict[int, tuple[int, str]] = field(default_factory=dict)


class Elements(HTMLParser):
    """The attributes of the elements that carry state."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.messages: list[dict[str, str]] = []
        self.by_tag: dict[str, dict[str, str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.by_tag.setdefault(tag, values)
        if "data-message" in values and "id" in values:
            self.messages.append(values)
        elif "data-activity" in values and values.get("id", "").startswith("conversation-"):
            self.rows.append(values)


class Pull:
    """One request at a time; calls that overlap become one more."""

    def __init__(self, work: Callable[[], Awaitable[bool]]) -> None:
        self._work = work
        self._again = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        while self._again:
            self._again = False
            with contextlib.suppress(*STUMBLES):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    self._again |= await self._work()


class DeskBrowser:
    """Lives until it is cancelled. `loses` is the share of the hints that get lost on their way."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, key: str, conversation: int, heartbeat: float
    ) -> None:
        self.shown = Shown()
        self.conversation = conversation
        self.connections = self.pulls = self.lost = 0
        self.loses = 0.0
        self._http = http
        self._url = url
        self._headers = {"Cookie": f"session={key}", "Origin": url, "HX-Request": "true"}
        self._list_head = self._head = 0
        self._attempt = 1
        self._heartbeat = heartbeat
        self._is_sure = False
        self._dice = random.Random(conversation)  # noqa: S311 - repeatable, not secret
        self._list_pull, self._pull = Pull(self._pull_list), Pull(self._pull_timeline)

    async def load(self) -> None:
        """The page as it is opened."""
        page = Elements(await self._get("/", plain=True))
        self._list_head = int(page.by_tag["conversation-list"]["data-head"])
        self.shown.rows = {int(row["data-id"]): int(row["data-changed"]) for row in page.rows}
        thread = Elements(await self._get(f"/conversations/{self.conversation}/"))
        self._head = int(thread.by_tag["message-timeline"]["data-head"])
        self._merge(thread)

    def adopt(self, other: DeskBrowser) -> None:
        """The page of another one that looks at the same conversation."""
        self.shown = Shown(dict(other.shown.rows), dict(other.shown.messages))
        self._list_head, self._head = other._list_head, other._head

    @property
    def is_connected(self) -> bool:
        """Whether it hears the server, as far as it knows."""
        return self._attempt == 0

    async def live(self) -> None:
        """Connect, again and again, and poll while that does not work."""
        polling = asyncio.create_task(self._poll())
        try:
            while True:
                with contextlib.suppress(*STUMBLES):
                    await self._listen()
                self._is_sure = False
                wait = min(FIRST_SECONDS * 2**self._attempt, SLOWEST_SECONDS)
                self._attempt += 1
                await asyncio.sleep(wait / 2 + self._dice.random() * wait / 2)
        finally:
            polling.cancel()
            self._list_pull.stop()
            self._pull.stop()

    async def _listen(self) -> None:
        address = f"{self._url}/ws/"
        async with (
            asyncio.timeout(SLOWEST_SECONDS) as patience,
            self._http.ws_connect(address, headers=self._headers, max_msg_size=0) as socket,
        ):
            self.connections += 1
            await socket.send_json({"type": "open", "conversation": self.conversation})
            async for frame in socket:
                self._hear(json.loads(frame.data))
                now = asyncio.get_running_loop().time()
                patience.reschedule(now + self._heartbeat * 2.5)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self._is_sure:
                self._list_pull.start()
                self._pull.start()

    def _hear(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind in LOSABLE and self._dice.random() < self.loses:
            self.lost += 1
            return
        if kind == "hello":
            self._attempt, self._heartbeat = 0, frame["heartbeat"]
        self._is_sure = not frame.get("delayed", kind == "live.delayed")
        if kind == "list.changed" and frame["from"] <= self._list_head:
            self._apply(frame)
        elif max(_list_numbers(frame), default=0) > self._list_head:
            self._list_pull.start()
        self._compare(frame)

    def _compare(self, frame: dict[str, Any]) -> None:
        mine = f"conversation.{self.conversation}"
        told = frame.get("heads") or {frame.get("group"): frame.get("to", 0)}
        if told.get(mine, 0) > self._head:
            self._pull.start()

    def _apply(self, frame: dict[str, Any]) -> None:
        if frame["to"] < self._list_head:
            return
        self._list_head = frame["to"]
        for told in frame["rows"]:
            if told.get("gone"):
                self.shown.rows.pop(told["id"], None)
            else:
                self._show(Elements(told["html"]).rows[0])

    def _show(self, row: dict[str, str]) -> None:
        pk, changed = int(row["data-id"]), int(row["data-changed"])
        if changed < self.shown.rows.get(pk, 0):
            return
        if row["data-state"] == "open":
            self.shown.rows[pk] = changed
        else:
            self.shown.rows.pop(pk, None)

    async def _pull_list(self) -> bool:
        answer = json.loads(await self._get(f"/rows/?changed_after={self._list_head}"))
        if answer.get("reset"):
            await self.load()
        else:
            self._apply(answer)
        return False

    async def _pull_timeline(self) -> bool:
        where = f"/conversations/{self.conversation}/messages/"
        page = Elements(await self._get(f"{where}?after={self._head}&beside="))
        about = page.by_tag["timeline-page"]
        self._head = max(self._head, int(about["data-head"]))
        self._merge(page)
        # So much was missed that only the newest came: the rest comes as to who scrolls up.
        while "data-born" in about and "data-before" in page.by_tag.get("p", {}):
            page = Elements(await self._get(f"{where}?before={page.by_tag['p']['data-before']}"))
            self._head = min(self._head, int(page.by_tag["timeline-page"]["data-head"]))
            self._merge(page)
        return False

    def _merge(self, page: Elements) -> None:
        for message in page.messages:
            pk, changed = int(message["id"].removeprefix("message-")), int(message["data-changed"])
            if changed >= self.shown.messages.get(pk, (0, ""))[0]:
                self.shown.messages[pk] = (changed, message["data-status"])

    async def _get(self, path: str, *, plain: bool = False) -> str:
        self.pulls += 1
        headers = {name: value for name, value in self._headers.items() if name != "HX-Request"}
        async with self._http.get(
            self._url + path,
            headers=headers if plain else self._headers,
            allow_redirects=False,
        ) as response:
            response.raise_for_status()
            return await response.text()


def _list_numbers(frame: dict[str, Any]) -> Iterator[int]:
    """What a frame says about how far the organisation's list is."""
    if frame["type"] in {"hello", "list.changed"}:
        yield frame["to"]
    for group, head in frame.get("heads", {}).items():
        if group.startswith("organization."):
            yield head
