from __future__ import annotations

import socket
from typing import Any

import pytest

from messaging.providers.answers import Answer, Failure
from messaging.providers.asking import LARGEST_ANSWER_BYTES
from messaging.providers.cloud.client import CloudClient, new_session, read_answer
from tests.outbound import graph as fake
from tests.outbound.graph import Behaviour, FakeGraph

ENDLESS = LARGEST_ANSWER_BYTES
BODY: dict[str, Any] = {"to": "+1", "text": {"body": "Good morning"}}


async def send(url: str, *, total_seconds: float = 5) -> Answer:
    async with new_session(total_seconds=total_seconds) as session:
        client = CloudClient(session, url, "v25.0", "secret-token")
        return await client.send("106540352242922", BODY)


async def test_an_accepted_message_has_its_id(graph: FakeGraph) -> None:
    answer = await send(graph.url)
    assert answer.provider_id.startswith("wamid.graph")
    assert answer.http_status == 200
    [asked] = graph.asked
    assert asked.path == "/v25.0/106540352242922/messages"
    assert asked.authorization == "Bearer secret-token"
    assert asked.body == BODY


async def test_an_error_keeps_code_title_and_details(graph: FakeGraph) -> None:
    graph.next.append(fake.refuse(130429, status=400, headers={"Retry-After": "7"}))
    assert await send(graph.url) == Answer(
        http_status=400,
        code=130429,
        title="(#130429) refused",
        details="why",
        retry_after_seconds=7,
    )


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (fake.plain(500), Failure.UNREADABLE),
        (fake.plain(408), Failure.UNREADABLE),
        (fake.plain(200, "<html>a proxy</html>"), Failure.UNREADABLE),
        (fake.plain(200, "{}"), Failure.UNREADABLE),
        (fake.plain(200, '{"messages": [{}]}'), Failure.UNREADABLE),
        (fake.plain(302), Failure.UNREADABLE),
        (fake.plain(200, '{"messages":[{"id":"a"}]}' + " " * ENDLESS), Failure.UNREADABLE),
        (fake.plain(200, "[" * 100_000), Failure.UNREADABLE),
        (fake.plain(400, '{"error": {"message": "no code"}}'), Failure.UNREADABLE),
        (fake.accept_and_drop, Failure.INTERRUPTED),
    ],
)
async def test_what_cannot_be_read_is_never_an_answer(
    graph: FakeGraph, behaviour: Behaviour, failure: Failure
) -> None:
    graph.next.append(behaviour)
    answer = await send(graph.url)
    assert answer.failure is failure
    assert len(graph.asked) == 1


async def test_a_silent_provider_is_interrupted(graph: FakeGraph) -> None:
    graph.next.append(fake.accept_and_hang)
    assert (await send(graph.url, total_seconds=0.2)).failure is Failure.INTERRUPTED


async def test_a_connection_closed_while_idle_is_not_tried_again(graph: FakeGraph) -> None:
    graph.next.extend([fake.accept, fake.accept_and_drop])
    async with new_session() as session:
        client = CloudClient(session, graph.url, "v25.0", "token")
        assert (await client.send("1", BODY)).provider_id
        assert (await client.send("1", BODY)).failure is Failure.INTERRUPTED
    assert len(graph.asked) == 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}", "http://nowhere.invalid", "nonsense"])
async def test_nothing_leaves_without_a_connection(url: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        answer = await send(url.format(port=port))
    assert answer.failure is Failure.NOT_CONNECTED


@pytest.mark.parametrize(
    "content",
    [
        b'{"error": {"code": 100, "message": null, "error_data": "text"}}',
        b'{"error": {"code": "100", "error_data": {"details": ["list"]}}, "messages": null}',
        b'{"error": {"code": 100, "error_data": [1], "new": {"deep": []}}}',
    ],
)
def test_errors_are_read_tolerantly(content: bytes) -> None:
    answer = read_answer(400, content, {})
    assert (answer.code, answer.failure) == (100, None)


def test_the_account_wait_is_given_in_minutes() -> None:
    usage = '{"1": [{"type": "whatsapp", "estimated_time_to_regain_access": 2}]}'
    headers = {"X-Business-Use-Case-Usage": usage, "Retry-After": "30"}
    answer = read_answer(400, b'{"error": {"code": 80007}}', headers)
    assert answer.retry_after_seconds == 120


def test_the_token_shows_in_no_representation() -> None:
    assert "secret" not in repr(CloudClient(None, "http://x", "v1", "secret"))  # type: ignore[arg-type]
