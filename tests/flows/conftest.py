from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest

from tests.demo import Demo, running_demo

demo = pytest.fixture(scope="session")(running_demo)

PASSWORD = "demo-inbox"
LONGEST_WAIT_SECONDS = 30.0


def ask(method: str, url: str, body: Any = None, *, token: str = "") -> tuple[int, Any]:
    """One call; the status and the JSON of its answer, an error's too."""
    headers = {"Content-Type": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - a demo on this machine
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def until(look: Callable[[], Any]) -> Any:
    """What `look` gives once that is true."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.1)
    return found


@dataclass(frozen=True, slots=True)
class Program:
    """Somebody's program at the JSON API, and what it may look at besides."""

    demo: Demo
    token: str

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return ask(method, f"{self.demo.inbox}/api/v1/{path}", body, token=self.token)

    def get(self, path: str) -> Any:
        status, answer = self.call("GET", path)
        assert status == 200, answer
        return answer

    def send(self, conversation: int, key: str, **fields: Any) -> tuple[int, Any]:
        body = {"conversation": conversation, "client_message_id": key, **fields}
        return self.call("POST", "messages/", body)

    def message(self, conversation: int, message_id: int) -> dict[str, Any]:
        page = self.get(f"conversations/{conversation}/messages/?after=0&limit=200")
        found: dict[str, Any] = next(row for row in page["results"] if row["id"] == message_id)
        return found

    def ends(self, sent: dict[str, Any], *statuses: str) -> dict[str, Any]:
        """The message once it is in one of `statuses`."""

        def look() -> dict[str, Any] | None:
            now = self.message(sent["conversation"], sent["id"])
            return now if now["status"] in statuses else None

        found: dict[str, Any] = until(look)
        return found

    def story(self, wamid: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"ledger/?wamid={wamid}")
        return found

    def customer(self, phone: str, name: str, *, seconds_ago: int = 0) -> int:
        """A customer writes, or wrote; their conversation."""
        body = {"from": phone, "name": name, "type": "text", "text": {"body": "Bom dia"}}
        at = {"timestamp": str(int(time.time()) - seconds_ago)} if seconds_ago else {}
        status, _ = ask("POST", f"{self.demo.phone}/sim/inbound", {**body, **at})
        assert status == 202

        def look() -> int | None:
            rows = self.get("conversations/?limit=200")["results"]
            return next((row["id"] for row in rows if row["contact"]["name"] == name), None)

        return int(until(look))

    def contact_of(self, conversation: int) -> int:
        return int(self.get(f"conversations/{conversation}/")["contact"]["id"])

    def received(self, phone: str) -> list[dict[str, Any]]:
        """What a customer's phone got, oldest first."""
        _, ledger = ask("GET", f"{self.demo.phone}/sim/ledger")
        return [row for row in ledger["results"] if row["to"].lstrip("+") == phone]

    def audited(self, action: str) -> list[dict[str, Any]]:
        """Audit entries of one kind, oldest first."""
        query = "SELECT subject, details FROM inbox_auditentry WHERE action = %s ORDER BY id"
        rows = self.rows(query, [action])
        return [{"subject": subject, "details": details} for subject, details in rows]

    def rows(self, query: LiteralString, params: list[Any]) -> list[tuple[Any, ...]]:
        """Straight from the database: what no address of the API tells."""
        run = json.loads((self.demo.folder / "run.json").read_text("utf-8"))
        with psycopg.connect(run["database_url"]) as database:
            return database.execute(query, params).fetchall()


@pytest.fixture(scope="session")
def program(demo: Demo) -> Program:
    """The owner's program."""
    url = f"{demo.inbox}/api/v1/auth/token/"
    status, answer = ask("POST", url, {"email": "admin@example.com", "password": PASSWORD})
    assert status == 201, answer
    return Program(demo, answer["token"])


@pytest.fixture
def switch(demo: Demo) -> Iterator[Callable[..., None]]:
    """Lets the platform go wrong, until the test ends or `switch()` mends it."""

    def turn(**faults: Any) -> None:
        ask("DELETE", f"{demo.phone}/sim/faults")
        ask("PUT", f"{demo.phone}/sim/faults", faults)

    yield turn
    ask("DELETE", f"{demo.phone}/sim/faults")
