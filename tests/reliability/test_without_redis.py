"""Redis gone for good: webhooks are taken, messages appear, replies leave (REDIS-1, in small)."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from messaging.simulator import demo
from tests.messaging import bodies
from tests.reliability.checker import problems
from tests.reliability.house import Parts, until
from tests.reliability.test_gateway_process import call
from tests.reliability.webhooks import Poster, plan

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]


def ask(url: str, body: object = None, *, token: str = "") -> Any:
    """Post JSON, or get it; the answer (Any: JSON)."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())  # noqa: S310
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        return json.load(response)


def test_messages_come_and_replies_leave_without_redis(house: Parts, tmp_path: Path) -> None:
    house.services.redis.stop()
    house.start("gateway", "worker", "sweeper", "web", "simulator")
    ledger = tmp_path / "ledger.jsonl"
    with ledger.open("w") as file:
        poster = Poster(f"{house.url('gateway')}/webhooks/cloud/demo/", ledger=file, seed=1)
        asyncio.run(poster.post_all(plan(200, seed=1), rate=100))
    assert (poster.tally.acknowledged, poster.tally.refused, poster.tally.failed) == (200, 0, 0)
    until(lambda: house.in_flight() == 0, "the sweeper has applied everything", seconds=30)
    assert problems(ledger, house.database_url) == []
    _reply_leaves(house)


def _reply_leaves(house: Parts) -> None:
    question = bodies.text("wamid.question", at=int(time.time()), body="Are you open?")
    number_id = demo.CHANNELS[0].phone_number_id
    assert call(house.port("gateway"), bodies.body([question], number_id=number_id))[0] == 200
    api = f"{house.url('web')}/api/v1"
    login = {"email": "alice@example.com", "password": "demo-inbox"}
    token = ask(f"{api}/auth/token/", login)["token"]
    find = "SELECT conversation_id FROM messaging_message WHERE provider_id = 'wamid.question'"
    ((conversation,),) = until(lambda: house.rows(find), "the question is there")
    reply = {
        "conversation": conversation,
        "client_message_id": "reply-1",
        "kind": "text",
        "text": "Until eight.",
    }
    message = ask(f"{api}/messages/", reply, token=token)
    phones = f"{house.url('simulator')}/sim/ledger"
    received = until(lambda: ask(phones)["results"], "the reply has left", seconds=30)
    assert [row["text"]["body"] for row in received] == ["Until eight."]
    until(lambda: _status(house, message["id"]) in {"delivered", "read"}, "it was delivered")


def _status(house: Parts, message_id: int) -> str:
    return str(house.one("SELECT status FROM messaging_message WHERE id = %s", message_id))


def test_three_processes_are_enough(house: Parts) -> None:
    """Daphne, a worker and beat alone, as the first page of most manuals would start them."""
    plain = {"worker": "celery -A config worker --concurrency 1 --loglevel warning"}
    house.start("web", "worker", "beat", commands=plain)
    number_id = demo.CHANNELS[0].phone_number_id
    content = bodies.body([bodies.text("wamid.few", body="Olá")], number_id=number_id)
    assert call(house.port("web"), content)[0] == 200
    find = "SELECT text FROM messaging_message WHERE provider_id = 'wamid.few'"
    assert until(lambda: house.rows(find), "the message is there", seconds=30) == [("Olá",)]
    assert house.balance()["balanced"]
