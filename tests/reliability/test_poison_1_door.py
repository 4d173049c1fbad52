"""POISON-1 at the door: whatever a validly signed body is, it is taken and kept as it came."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from messaging.ledger import balance
from messaging.models import Connection, Message
from messaging.providers import PROVIDERS
from messaging.providers.cloud import signature as cloud
from messaging.providers.twilio import form
from messaging.providers.twilio import signature as twilio
from messaging.providers.waha import signature as waha
from messaging.secrets import ConnectionSecrets
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import Call, Door, drain_all, stored
from tests.reliability import scale
from tests.reliability.mutations import honest, mutate, samples
from tests.reliability.reports import Report

pytestmark = pytest.mark.timeout(900)
URL = "https://inbox.example.com"
MEGABYTE = 1024 * 1024
BOMB = gzip.compress(b"\0" * 20 * MEGABYTE)
DEPTH = 10_000
AT_ONCE = 10
HERE = b'"HERE"'
# What stands in place of a text.
VALUES = {
    "a megabyte": json.dumps("x" * MEGABYTE).encode(),
    "a megabyte beyond ASCII": json.dumps("ü𝕬" * (MEGABYTE // 20), ensure_ascii=False).encode(),
    "escapes alone": b'"' + rb"\u0000\ud800" * (MEGABYTE // 20) + b'"',
    "arrays": b"[" * DEPTH + b"]" * DEPTH,
    "objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "never closed": b"[" * DEPTH,
    "no number": b"NaN",
    "infinite": b"-Infinity",
    "too great": b"1e400",
    "endless digits": b"9" * 100_000,
    "the same key": b'{"body": "a", "body": {"body": 1}, "body": null}',
}
TYPES = (
    "",
    "text/html",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
    "image/jpeg",
    "application/json, application/json",
    "\xff\xfe",
    "a" * 8000,
    "application/json\0",
)
ENCODINGS = ("", "gzip", "br", "deflate, gzip", "x-unheard-of")


def poison(provider: str) -> dict[str, bytes]:
    """Bodies by what is wrong with them."""
    wamid, content = honest(provider, 1)
    marked = content.replace(json.dumps(f"text of {wamid}").encode(), HERE)
    if HERE not in marked:  # the other providers' texts
        marked = b'{"event": "message", "session": "honest", "payload": {"body": "HERE"}}'
    as_json = {name: marked.replace(HERE, value) for name, value in VALUES.items()}
    as_form = {name: b"Body=" + value for name, value in VALUES.items()}
    odd = {
        "a bomb": BOMB,
        "packed": gzip.compress(content),
        "half a bomb": BOMB[: len(BOMB) // 2],
        "nothing": b"",
        "repeated": content[:-1] + b", " + content[1:],
        "keys alone": b"&".join([b"a"] * 900),
    }
    return {**(as_form if provider == "twilio" else as_json), **odd}


def signed(provider: str, content: bytes, slug: str) -> dict[str, str]:
    """What proves that it comes from the provider."""
    if provider == "cloud":
        return {cloud.HEADER: cloud.sign(content, bodies.SECRET)}
    if provider == "waha":
        return {waha.HEADER: waha.sign(content, bodies.SECRET)}
    url = f"{URL}/webhooks/twilio/{slug}/"
    return {twilio.HEADER: twilio.sign(url, form.pairs(content), bodies.SECRET)}


def mutated(provider: str, how_many: int, dice: random.Random) -> Iterator[bytes]:
    own = [(provider, value) for kind, _, value in samples() if kind == provider]
    for _ in range(how_many):
        yield mutate(*dice.choice(own), dice)


@pytest.fixture
def poisoned(request: pytest.FixtureRequest, settings: Any) -> Connection:
    settings.PUBLIC_URL = URL
    secrets = ConnectionSecrets(
        app_secret=bodies.SECRET, auth_token=bodies.SECRET, hmac_key=bodies.SECRET
    )
    return factories.ConnectionFactory(kind=request.param, slug="poisoned", secrets=secrets)


@pytest.mark.parametrize("poisoned", sorted(PROVIDERS), indirect=True)
def test_a_signed_body_is_always_taken_and_kept(door: Door, poisoned: Connection) -> None:
    provider = str(poisoned.kind)
    report = Report(name="POISON-1 (door)", seed=scale.seed())
    dice = random.Random(report.seed)  # noqa: S311 - repeatable, not secret
    neighbour, genuine = honest(provider, 2)
    random_ones = mutated(provider, scale.size(60, full=1500), dice)
    contents = [*poison(provider).values(), *random_ones, genuine]
    calls = [_call(poisoned, content, dice) for content in contents]
    answers: Counter[int] = Counter()
    for start in range(0, len(calls), AT_ONCE):
        answers.update(answer.status for answer in door.all(calls[start : start + AT_ONCE]))
    if set(answers) != {200}:
        report.problems.append(f"signed bodies of {provider} were answered {dict(answers)}")
    if Counter(stored()) != Counter(contents):
        report.problems.append(f"what {provider} sent is not what is kept")
    drain_all(poisoned)
    if not (sums := balance()).balanced or sums.in_flight:
        report.problems.append(f"the ledger does not close: {sums}")
    if not Message.objects.filter(provider_id=neighbour).exists():
        report.problems.append("the neighbour did not pass")
    report.figures = {f"signed bodies of {provider} at the door": len(contents)}
    scale.tell(report)
    assert report.problems == []


def _call(connection: Connection, content: bytes, dice: random.Random) -> Call:
    """With headers that say anything about the body."""
    odd = {"content-type": dice.choice(TYPES), "content-encoding": dice.choice(ENCODINGS)}
    proof = signed(str(connection.kind), content, connection.slug)
    size = len(content) // dice.choice((1, 2, 50)) + 1
    pieces = [content[start : start + size] for start in range(0, len(content), size)] or [b""]
    path = f"/webhooks/{connection.kind}/{connection.slug}/"
    return Call(pieces=pieces, headers=odd | proof, path=path)
