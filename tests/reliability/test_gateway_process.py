"""The gateway as granian serves it, and what it says while Postgres is away."""

from __future__ import annotations

import gzip
import http.client
import socket
import time
from collections.abc import Mapping

import pytest

from messaging.simulator import demo
from tests.messaging import bodies
from tests.reliability.house import Parts, until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]
PATH = "/webhooks/cloud/demo/"
MEGABYTE = 1024 * 1024


def call(
    port: int,
    content: bytes | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    path: str = PATH,
) -> tuple[int, bytes]:
    """POST a body, rightly signed unless `headers` say otherwise, or GET; status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        if content is not None and headers is None:
            headers = bodies.signed(content, demo.APP_SECRET)
        method = "GET" if content is None else "POST"
        connection.request(method, path, content, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_real_gateway_keeps_its_word(house: Parts) -> None:
    house.start("gateway")
    port = house.port("gateway")
    query = f"?hub.mode=subscribe&hub.verify_token={demo.VERIFY_TOKEN}&hub.challenge=1158%20x"
    assert call(port, path=PATH + query) == (200, b"1158 x")
    content = b'{"bytes": "\xff\x00 as they are"}\r\n'
    assert call(port, content) == (200, b"")
    assert call(port, content, path=PATH.rstrip("/")) == (200, b"")
    assert call(port, content, headers={})[0] == 403
    assert call(port, content, path="/webhooks/cloud/nobody/")[0] == 404
    assert call(port, path="/health/ready")[0] == 200
    assert [bytes(row[0]) for row in house.rows(BODIES)] == [content, content]


BODIES = "SELECT body FROM messaging_inboundevent ORDER BY id"


def test_a_bomb_stays_packed(house: Parts) -> None:
    house.start("gateway")
    content = gzip.compress(b"\0" * 50 * MEGABYTE)
    headers = bodies.signed(content, demo.APP_SECRET)
    for encoding in ("gzip", "deflate", "gzip, gzip", "x-unheard-of"):
        odd = {"content-encoding": encoding, "content-type": "multipart/form-data"}
        assert call(house.port("gateway"), content, headers=headers | odd) == (200, b"")
    assert {bytes(row[0]) for row in house.rows(BODIES)} == {content}


def test_a_body_without_declared_length_is_cut_at_4_megabytes(house: Parts) -> None:
    house.start("gateway")
    with socket.create_connection(("127.0.0.1", house.port("gateway")), timeout=10) as stream:
        head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        stream.sendall(head.encode())
        chunk = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
        for _ in range(4):
            stream.sendall(chunk)
        stream.sendall(b"1\r\nx\r\n")
        assert stream.recv(100).startswith(b"HTTP/1.1 413 ")
    assert house.rows(BODIES) == []


def test_without_postgres_the_answer_is_503_in_time_and_200_when_it_is_back(house: Parts) -> None:
    house.start("gateway")
    port = house.port("gateway")
    assert call(port, b"before")[0] == 200
    house.services.postgres.stop_at_once()
    for content in (b"during", b"still"):
        started = time.monotonic()
        assert call(port, content)[0] == 503
        assert time.monotonic() - started < 1.0 + 0.5
    assert call(port, path="/health/ready")[0] == 503
    assert call(port, path="/health/live")[0] == 200
    house.services.postgres.launch()
    until(lambda: call(port, b"after")[0] == 200, "the gateway takes webhooks again", seconds=10)
    assert [bytes(row[0]) for row in house.rows(BODIES)] == [b"before", b"after"]
