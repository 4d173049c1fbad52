"""Agents and programs at the inbox, over connections of their own and all at the same moment."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

from tests.reliability.proxy import RESET

SECONDS = 60
PERSON = {"email": "admin@example.com", "password": "demo-inbox"}
BUBBLE = re.compile(rb'id="message-(\d+)"')
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One request as it goes over the wire."""

    path: str
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content: bytes
    cookies: Mapping[str, str]

    @property
    def data(self) -> Any:
        """What a program reads. Any: JSON."""
        return json.loads(self.content)

    @property
    def message(self) -> int | None:
        """The message of a bubble, or of a program's answer; None of a refusal."""
        if found := BUBBLE.search(self.content):
            return int(found[1])
        return self.data["id"] if self.content.startswith(b'{"id"') else None


class Agent:
    """Somebody who is logged in twice: as a person at a browser, and as a program."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._token = self._be_a_program()
        self._cookies = self._be_a_person()

    @property
    def session(self) -> str:
        """The key of the browser's session."""
        return self._cookies["session"]

    def program(self, path: str, fields: Mapping[str, Any]) -> Press:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        return Press(path=f"/api/v1/{path}", content=json.dumps(fields).encode(), headers=headers)

    def browser(self, path: str, fields: Mapping[str, Any]) -> Press:
        """As HTMX submits a form."""
        headers = {
            "Content-Type": FORM,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-CSRFToken": self._cookies["csrf"],
            "HX-Request": "true",
        }
        return Press(path=path, content=urlencode(fields).encode(), headers=headers)

    def _be_a_program(self) -> str:
        headers = {"Content-Type": "application/json"}
        content = json.dumps(PERSON).encode()
        answer = one(self.port, Press(path="/api/v1/auth/token/", content=content, headers=headers))
        return str(answer.data["token"])

    def _be_a_person(self) -> dict[str, str]:
        cookies = dict(_ask(_connection(self.port), "GET", "/login/").cookies)
        said = {**PERSON, "csrfmiddlewaretoken": cookies["csrf"]}
        headers = {"Content-Type": FORM, "Cookie": f"csrf={cookies['csrf']}"}
        press = Press(path="/login/", content=urlencode(said).encode(), headers=headers)
        return cookies | dict(one(self.port, press).cookies)


def one(port: int, press: Press) -> Answer:
    """One press and its answer."""
    return _ask(_connection(port), "POST", press.path, press.content, press.headers)


def at_once(port: int, presses: Sequence[Press]) -> list[Answer]:
    """Each over a connection of its own that is open by the time all of them go."""
    barrier = Barrier(len(presses))

    def go(press: Press) -> Answer:
        connection = _connection(port)
        barrier.wait(SECONDS)
        return _ask(connection, "POST", press.path, press.content, press.headers)

    with ThreadPoolExecutor(len(presses)) as threads:
        return list(threads.map(go, presses))


def drop(port: int, press: Press, *, after_seconds: float) -> None:
    """Press, and be gone before anything is read."""
    connection = _connection(port)
    connection.request("POST", press.path, press.content, dict(press.headers))
    time.sleep(after_seconds)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def _connection(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.connect()
    return connection


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    connection.request(method, path, content, dict(headers or {}))
    answer = connection.getresponse()
    cookies = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie", []):
        cookies.load(line)
    told = Answer(
        answer.status, answer.read(), {name: each.value for name, each in cookies.items()}
    )
    connection.close()
    return told
