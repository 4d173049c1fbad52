"""Requests of an agent's browser, timed: keep-alive connections with a session cookie."""

from __future__ import annotations

import html
import http.client
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LINK = re.compile(r'<a class="sidebar-link" href="([^"]*\?[^"]*)"')
OLDER_ROWS = re.compile(r'id="older-rows"><a class="link" href="([^"]+)"')
OLDER_MESSAGES = re.compile(r'data-before="([^"]+)"')
HEAD = re.compile(r'data-head="(\d+)"')
CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')
FRAGMENT = {"HX-Request": "true"}
NUMBERS = "/?view=all&numbers"


@dataclass(slots=True)
class Answer:
    """What came, and after how many seconds."""

    status: int
    text: str
    seconds: float


class Browser:
    """One agent's connection to the inbox."""

    def __init__(self, url: str, session: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Cookie": f"session={session}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET; fails on anything but a page."""
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: Any, token: str) -> Answer:
        """POST JSON to the API as a program would."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        return self._ask("POST", path, json.dumps(body).encode(), headers)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> Answer:
        started = time.perf_counter()
        self._connection.request(method, path, body, {**self._headers, **(headers or {})})
        response = self._connection.getresponse()
        text = response.read().decode()
        seconds = time.perf_counter() - started
        assert response.status < 300, f"{method} {path.partition('?')[0]}: {response.status}"
        return Answer(response.status, text, seconds)


def headers_of(path: str) -> dict[str, str]:
    """Those of a fragment; the numbers of the sidebar are asked for into their place."""
    return {**FRAGMENT, "HX-Target": "views"} if path == NUMBERS else FRAGMENT


def views_in(page: str) -> list[str]:
    """Addresses of the views that a page's sidebar offers, in its order."""
    return list(dict.fromkeys(html.unescape(found) for found in LINK.findall(page)))


def next_rows(page: str) -> str:
    """The address of the rows after these, or nothing."""
    found = OLDER_ROWS.search(page)
    return html.unescape(found.group(1)) if found else ""


def spread(seconds: Iterable[float]) -> dict[str, float]:
    """Milliseconds at the usual shares."""
    ordered = sorted(seconds) or [float("nan")]
    return {
        f"p{share}": round(
            1000 * ordered[min(int(len(ordered) * share / 100), len(ordered) - 1)], 1
        )
        for share in (50, 95, 99)
    }


def repeated(times: int, ask: Callable[[int], Answer]) -> dict[str, float]:
    """`ask` so many times, after two that do not count."""
    for warm in range(2):
        ask(warm)
    return spread(ask(number).seconds for number in range(times))
