"""An inbox that only listens, and a simulator that tells it everything at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from messaging.simulator import demo
from messaging.simulator.app import create_app
from messaging.simulator.settings import Settings
from messaging.simulator.switches import Timing

PAYLOADS = Path(__file__).parents[1] / "payloads" / "cloud"
DEADLINE_SECONDS = 10
CHANNEL = demo.CHANNELS[0].phone_number_id
CARLAS_PHONE = f"/sim/state?customer={demo.CARLA.phone}"

Json = dict[str, Any]
Client = TestClient[web.Request, web.Application]
Start = Callable[..., Awaitable[Client]]


class Inbox:
    """Keeps every webhook; answers with `status`, or with the next of `answers`."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[bytes, str]] = []
        self.status = 200
        self.answers: list[int] = []
        self._arrived = asyncio.Condition()
        self.url = ""

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        status = self.answers.pop(0) if self.answers else self.status
        async with self._arrived:
            self.deliveries.append((body, request.headers["X-Hub-Signature-256"]))
            self._arrived.notify_all()
        return web.Response(status=status)

    def values(self) -> list[Json]:
        """Every `value` that came, in the order of arrival."""
        bodies = [json.loads(body) for body, _ in self.deliveries]
        return [
            change["value"]
            for body in bodies
            for entry in body["entry"]
            for change in entry["changes"]
        ]

    def statuses(self) -> list[Json]:
        return [status for value in self.values() for status in value.get("statuses", [])]

    def messages(self) -> list[Json]:
        return [message for value in self.values() for message in value.get("messages", [])]

    async def until(self, is_true: Callable[[], object]) -> None:
        """Wait until it is true of what has arrived."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._arrived:
            await self._arrived.wait_for(lambda: bool(is_true()))


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    listening = Inbox()
    app = web.Application()
    app.router.add_post("/hook", listening.receive)
    async with TestServer(app) as server:
        listening.url = str(server.make_url("/hook"))
        yield listening


@pytest.fixture
async def start(inbox: Inbox, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a simulator on the test's data directory; called again, it is a restart."""
    clients: list[Client] = []

    async def started(**changes: Any) -> Client:
        while clients:
            await clients.pop().close()
        timing = Timing(sent_seconds=0, delivered_seconds=0, read_seconds=None)
        usual: Json = {"webhook_url": inbox.url, "timing": timing, "retry_seconds": 0.01}
        app = await create_app(Settings(data_dir=tmp_path, **(usual | changes)))
        client = TestClient(TestServer(app))
        clients.append(client)
        await client.start_server()
        return client

    yield started
    for client in clients:
        await client.close()


@pytest.fixture
async def simulator(start: Start) -> Client:
    return await start()


def sample(name: str) -> Json:
    content: Json = json.loads((PAYLOADS / f"{name}.json").read_text())
    return content


def shape(value: object) -> object:
    """The keys and types of a JSON value, without what it says."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


async def send(client: Client, *, token: str = demo.ACCESS_TOKEN, **changes: Any) -> Any:
    """Send a text to Carla, or what `changes` say; HTTP status and body."""
    fields = {
        "messaging_product": "whatsapp",
        "to": demo.CARLA.phone,
        "type": "text",
        "text": {"body": "Bom dia"},
    } | changes
    body = {name: value for name, value in fields.items() if value is not None}
    return await post(client, body, token=token)


async def post(client: Client, body: object, *, token: str = demo.ACCESS_TOKEN) -> Any:
    """Post any body to the messages of the first channel; HTTP status and answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    path = f"/v24.0/{CHANNEL}/messages"
    async with client.post(path, data=data, headers=headers) as response:
        text = await response.text()
        is_json = response.content_type == "application/json"
        return response.status, json.loads(text) if is_json else text


async def fault(client: Client, **changes: Any) -> None:
    async with client.put("/sim/faults", json=changes) as response:
        assert response.status == 200, await response.text()


async def ask(client: Client, path: str) -> Any:
    async with client.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.json()


async def write(client: Client, **fields: Any) -> str:
    """A customer writes; the wamid. The key `from` is given as `from_`."""
    body = {name.rstrip("_"): value for name, value in fields.items()}
    async with client.post("/sim/inbound", json=body) as response:
        answer = await response.json()
        assert response.status == 202, answer
        wamid: str = answer["wamid"]
        return wamid


async def bubble(simulator: Client, message_id: str, status: str) -> Any:
    """Carla's bubble of that id, as soon as it has that status."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            for each in (await ask(simulator, CARLAS_PHONE))["messages"]:
                if (each["id"], each["status"]) == (message_id, status):
                    return each
