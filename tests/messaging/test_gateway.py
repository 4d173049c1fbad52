"""The fast path in: what is genuine is stored byte for byte before the 200, all else is not."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database

from messaging import ingest, intake
from messaging.directory import Directory
from messaging.ledger import balance
from messaging.models import Connection, InboundEvent
from messaging.providers.cloud.signature import HEADER
from messaging.secrets import ConnectionSecrets
from messaging.strangers import Strangers
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import Answer, Call, Door, ask, drain_all, locked, stored

MEGABYTE = 1024 * 1024
UNKNOWN = "/webhooks/cloud/nobody/"
SUBSCRIBE = "hub.mode=subscribe&hub.verify_token={}&hub.challenge={}"


def test_verification_returns_the_challenge_unchanged(door: Door) -> None:
    answer = door.get(SUBSCRIBE.format("verify-token", "1158201444%3C%C3%A9%2B+x"))
    assert (answer.status, answer.body) == (200, "1158201444<é+ x".encode())


def test_verification_with_a_wrong_token_is_refused(door: Door) -> None:
    for query in (
        SUBSCRIBE.format("other-token", "1"),
        SUBSCRIBE.format("", "1"),
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=unsubscribe&hub.verify_token=verify-token&hub.challenge=1",
        "",
    ):
        answer = door.get(query)
        assert (answer.status, b"1" in answer.body) == (403, False)


def test_a_connection_without_a_verify_token_verifies_nobody(
    door: Door, connection: Connection
) -> None:
    connection.secrets = ConnectionSecrets(app_secret=bodies.SECRET)
    connection.save(update_fields=["sealed_secrets"])
    assert door.get(SUBSCRIBE.format("", "1")).status == 403


@pytest.mark.parametrize("path", ["/webhooks/cloud/padaria/", "/webhooks/cloud/padaria"])
def test_a_genuine_body_is_stored_byte_for_byte(
    door: Door, connection: Connection, nudged: list[set[int]], path: str
) -> None:
    content = b'\xff\x00 {"not": "even JSON",\r\n' + bytes(range(256))
    assert door.post(content, path=path).status == 200
    event = InboundEvent.objects.get()
    assert bytes(event.body) == content
    assert event.connection == connection
    assert event.state == "pending"
    assert event.headers == bodies.signed(content)
    assert nudged == [{connection.pk}]


def test_the_published_signature_is_accepted(
    door: Door, connection: Connection, payloads: Path
) -> None:
    vector = json.loads((payloads / "cloud" / "signature_vector.json").read_text())
    connection.secrets = ConnectionSecrets(app_secret=vector["app_secret"])
    connection.save(update_fields=["sealed_secrets"])
    content = vector["body"].encode()
    headers = {vector["header"].lower(): vector["value"]}
    assert door.post(content, headers).status == 200
    assert stored() == [content]


GENUINE = bodies.signed(b"{}")[HEADER]


FORGERIES = {
    "none": {},
    "empty": {HEADER: ""},
    "no digest": {HEADER: "sha256="},
    "no prefix": {HEADER: GENUINE.removeprefix("sha256=")},
    "too short": {HEADER: GENUINE[:-1]},
    "upper case": {HEADER: GENUINE.upper()},
    "not ASCII": {HEADER: "sha256=é" + GENUINE[8:]},
    "of another body": {HEADER: bodies.signed(b"{} ")[HEADER]},
    "of another secret": {HEADER: bodies.signed(b"{}", "other")[HEADER]},
    "of an empty secret": {HEADER: bodies.signed(b"{}", "")[HEADER]},
    "sha1 only": {"x-hub-signature": "sha1=" + "5f1b8ac5d8" * 4},
}


def test_a_body_without_its_signature_is_refused(door: Door) -> None:
    answers = {name: door.post(b"{}", headers).status for name, headers in FORGERIES.items()}
    assert answers == dict.fromkeys(FORGERIES, 403)
    assert stored() == []


def test_the_signature_of_another_connection_is_refused(door: Door, organization: Any) -> None:
    factories.ConnectionFactory(
        organization=organization,
        slug="rival",
        secrets=ConnectionSecrets(app_secret="rival-secret"),
    )
    assert door.post(b"{}", bodies.signed(b"{}", "rival-secret")).status == 403
    rival = "/webhooks/cloud/rival/"
    assert door.post(b"{}", bodies.signed(b"{}", "rival-secret"), path=rival).status == 200


def test_the_previous_secret_still_counts(door: Door, connection: Connection) -> None:
    connection.secrets = ConnectionSecrets(app_secret="new", previous_app_secret=bodies.SECRET)
    connection.save(update_fields=["sealed_secrets"])
    for secret, status in {"new": 200, bodies.SECRET: 200, "older": 403}.items():
        assert door.post(b"{}", bodies.signed(b"{}", secret)).status == status


def test_more_than_4_megabytes_are_refused(door: Door) -> None:
    content = b"x" * (4 * MEGABYTE + 1)
    headers = bodies.signed(content)
    declared = {"content-length": str(len(content)), **headers}
    pieces = [content[:MEGABYTE]] * 4 + [b"x"]
    calls = [Call(pieces=[b""], headers=declared), Call(pieces=pieces, headers=headers)]
    assert [answer.status for answer in door.all(calls)] == [413, 413]
    assert stored() == []


def test_4_megabytes_in_pieces_are_stored(door: Door) -> None:
    content = b"y" * (4 * MEGABYTE)
    pieces = [content[:MEGABYTE]] * 4
    call = Call(pieces=pieces, headers={"content-length": "", **bodies.signed(content)})
    assert door.all([call])[0].status == 200
    assert stored() == [content]


def test_an_unknown_address_is_not_found(door: Door) -> None:
    for path in (
        UNKNOWN,
        "/webhooks/cloud/",
        "/webhooks/sms/padaria/",
        "/webhooks/cloud/padaria/more/",
        "/webhooks/",
    ):
        assert door.post(b"{}", path=path).status == 404
    assert stored() == []


def test_a_flood_of_unknown_addresses_is_not_a_flood_of_queries(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = Directory._select

    async def counted(self: Directory, kind: str, slug: str, deadline: float) -> Any:
        asked.append(slug)
        return await read(self, kind, slug, deadline)

    monkeypatch.setattr(Directory, "_select", counted)
    calls = [Call(path=f"/webhooks/cloud/guess-{n}/", caller="198.51.100.9") for n in range(300)]
    statuses = [answer.status for answer in door.all(calls)]
    burst = int(2 * door.gateway._strangers._rate)
    assert set(statuses) == {404, 429}
    assert burst <= len(asked) == statuses.count(404) < burst + 20
    assert door.post(b"{}", path=UNKNOWN, caller="198.51.100.8").status == 404


def test_a_first_crowd_of_genuine_calls_meets_no_throttle(door: Door) -> None:
    calls = [Call(pieces=[b"{}"], headers=bodies.signed(b"{}")) for _ in range(100)]
    assert {answer.status for answer in door.all(calls)} == {200}


def test_an_inactive_connection_is_not_found(door: Door, connection: Connection) -> None:
    Connection.objects.update(is_active=False)
    assert door.post(b"{}").status == 404


def test_other_methods_are_refused(door: Door) -> None:
    assert door.all([Call(method="PUT")])[0].status == 405


def test_a_commit_that_takes_too_long_is_503_and_then_200_again(door: Door) -> None:
    assert door.post(b"first").status == 200
    with locked("messaging_inboundevent"):
        started = time.monotonic()
        assert door.post(b"second").status == 503
        assert time.monotonic() - started < 1.0 + 0.5
    assert door.post(b"third").status == 200
    assert [stored()[0], stored()[-1]] == [b"first", b"third"]


def test_a_genuine_caller_is_not_slowed_where_postgres_did_not_say_who_it_is(
    door: Door, settings: Any
) -> None:
    with locked("messaging_connection"):
        answers = [door.post(b"{}").status for _ in range(2)]
        door.gateway._strangers = Strangers(1.0, clock=lambda: 0.0)
        answers += [door.post(b"{}").status for _ in range(3)]
    assert answers == [503] * 5
    assert door.post(b"{}").status == 200


def test_a_slow_look_up_is_503_in_time_for_everybody(door: Door) -> None:
    with locked("messaging_connection"):
        started = time.monotonic()
        calls = [Call(path=f"/webhooks/cloud/padaria-{number}/") for number in range(5)]
        assert [answer.status for answer in door.all(calls)] == [503] * 5
        assert time.monotonic() - started < 1.0 + 0.5
    assert door.post(b"{}").status == 200


def test_more_than_may_be_in_flight_is_503(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_IN_FLIGHT_BYTES", 10 * 100)
    calls = [
        Call(pieces=[content], headers=bodies.signed(content))
        for content in (b"%03d" % number + b"." * 97 for number in range(20))
    ]
    assert door.post(b"warm").status == 200
    with ExitStack() as stack:
        stack.enter_context(locked("messaging_inboundevent"))

        async def held_up() -> list[Answer]:
            asked = [asyncio.create_task(ask(door.gateway, call)) for call in calls]
            await asyncio.sleep(0.2)
            stack.close()  # Postgres takes nothing until all of them have come
            return await asyncio.gather(*asked)

        statuses = [answer.status for answer in door._runner.run(held_up())]
    assert statuses.count(200) == len(stored()) - 1 == 10
    assert statuses.count(503) == 10
    assert door.post(b"again").status == 200


def test_bodies_that_are_still_coming_count_as_in_flight(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_IN_FLIGHT_BYTES", 1000)
    monkeypatch.setattr(intake, "READ_SECONDS", 0.3)
    assert door.post(b"warm").status == 200

    async def one_stalls() -> list[Answer]:
        stalled = asyncio.create_task(ask(door.gateway, Call(pieces=[b"x" * 800]), stalls=True))
        await asyncio.sleep(0.1)
        content = b"y" * 400
        refused = await ask(door.gateway, Call(pieces=[content], headers=bodies.signed(content)))
        return [refused, await stalled]

    assert [answer.status for answer in door._runner.run(one_stalls())] == [503, 408]
    assert door.post(b"z" * 1000).status == 200


def test_wrongly_signed_calls_are_throttled_by_address(door: Door) -> None:
    rate = int(door.gateway._strangers._rate)
    wrong = Call(pieces=[b"{}"], headers={HEADER: "sha256=00"}, caller="198.51.100.7")
    statuses = [answer.status for answer in door.all([wrong] * rate * 4)]
    assert statuses[: rate * 2] == [403] * rate * 2
    assert statuses[-rate:] == [429] * rate
    assert door.post(b"{}", {}, caller="198.51.100.8").status == 403
    right = Call(pieces=[b"{}"], headers=bodies.signed(b"{}"), caller="198.51.100.7")
    assert {answer.status for answer in door.all([right] * rate * 4)} == {200}


def test_many_posts_share_few_commits(door: Door) -> None:
    assert door.post(b"warm").status == 200
    contents = [b"%d" % number for number in range(300)]
    calls = [Call(pieces=[content], headers=bodies.signed(content)) for content in contents]
    assert {answer.status for answer in door.all(calls)} == {200}
    assert sorted(stored()) == sorted([b"warm", *contents])
    with database.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM messaging_inboundevent")
        assert cursor.fetchone()[0] <= 10


def test_a_batch_is_cut_at_8_megabytes(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MOST_BATCH_BYTES", 1000)
    contents = [b"%03d" % number + b"." * 397 for number in range(10)]
    calls = [Call(pieces=[content], headers=bodies.signed(content)) for content in contents]
    assert {answer.status for answer in door.all(calls)} == {200}
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT max(n) FROM (SELECT count(*) AS n FROM messaging_inboundevent"
            " GROUP BY xmin::text) AS commits"
        )
        assert cursor.fetchone()[0] <= 2


def test_a_backend_that_dies_costs_one_503_at_most(door: Door) -> None:
    assert door.post(b"first").status == 200
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'inbox gateway' AND datname = current_database()"
        )
    statuses = [door.post(b"second").status, door.post(b"third").status]
    assert statuses in ([503, 200], [200, 200])
    assert stored()[-1] == b"third"


def test_a_backend_that_hangs_costs_no_more_than_the_timeout(door: Door) -> None:
    assert door.post(b"first").status == 200
    stopped = _gateway_backends()
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        for _ in range(2):
            started = time.monotonic()
            statuses = [door.post(b"second").status, door.post(b"{}", path=UNKNOWN).status]
            assert time.monotonic() - started < 2 * 1.0 + 0.5
        assert statuses == [200, 404]
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


def _gateway_backends() -> list[int]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'inbox gateway' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def test_a_caller_who_hangs_up_leaves_nothing(door: Door) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        sent.append(event)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/webhooks/cloud/padaria/",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    door._runner.run(door.gateway(scope, receive, send))
    assert (sent, stored()) == ([], [])


def test_every_real_body_is_answered_200_and_balances(
    door: Door, connection: Connection, payloads: Path
) -> None:
    real = [path.read_bytes() for path in sorted((payloads / "cloud").glob("*.json"))]
    names = [path.name for path in sorted((payloads / "cloud").glob("*.json"))]
    webhooks = [
        content
        for content, name in zip(real, names, strict=True)
        if not name.startswith("api_") and name != "signature_vector.json"
    ]
    for _ in range(2):
        assert {door.post(content).status for content in webhooks} == {200}
        drain_all(connection)
    sums = balance()
    assert (len(webhooks), sums.received, sums.in_flight, sums.dead) == (91, 182, 0, 0)
    assert sums.balanced
    assert sums.duplicate + sums.ignored >= sums.applied
