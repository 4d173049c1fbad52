"""SIG-1: no altered body and no altered signature is ever accepted."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from messaging.models import Connection
from messaging.providers import PROVIDERS
from messaging.providers.calls import SignedCall
from messaging.providers.cloud.signature import HEADER, sign
from messaging.providers.twilio import form
from messaging.providers.twilio import signature as twilio
from messaging.providers.waha import signature as waha
from messaging.secrets import ConnectionSecrets
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import Call, Door, stored
from tests.reliability import scale
from tests.reliability.reports import Report

pytestmark = pytest.mark.timeout(900)
SHA1 = "x-hub-signature"
RIVAL = "rival-secret"
Attack = Callable[[bytes, str, random.Random], tuple[bytes, dict[str, str]]]


def with_header(body: bytes, value: str) -> tuple[bytes, dict[str, str]]:
    return body, {"content-type": "application/json", HEADER: value}


def flip_body(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    spoilt = bytearray(body)
    spoilt[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    return with_header(bytes(spoilt), value)


def flip_signature(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    digest = bytearray(bytes.fromhex(value.removeprefix("sha256=")))
    digest[dice.randrange(len(digest))] ^= 1 << dice.randrange(8)
    return with_header(body, f"sha256={digest.hex()}")


def grow_or_shrink(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    at = dice.randrange(len(body))
    return with_header(dice.choice((body[:at], body + b" ", b"\n" + body, body * 2)), value)


def misspell(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    digest = value.removeprefix("sha256=")
    spellings = ("", "sha256=", digest, value[:-1], f"{value}0", value.upper(), f" {value}")
    more = (f"sha1={digest}", f"{value},{value}", f"{value}é", f"sha256={digest.upper()}", "\x00")
    return with_header(body, dice.choice((*spellings, *more, "sha256=" + "0" * 64)))


def only_sha1(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    return body, {SHA1: f"sha1={value[7:47]}"}


def of_another(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    secret = dice.choice(("", RIVAL, bodies.SECRET + "\0", bodies.SECRET[:-1], "previous"))
    return with_header(body, sign(body, secret))


def of_another_body(body: bytes, value: str, dice: random.Random) -> tuple[bytes, dict[str, str]]:
    return with_header(body, sign(dice.randbytes(len(body)), bodies.SECRET))


ATTACKS: tuple[Attack, ...] = (
    flip_body,
    flip_signature,
    grow_or_shrink,
    misspell,
    only_sha1,
    of_another,
    of_another_body,
)


@pytest.fixture
def rivals(transactional_db: None, settings: Any, organization: Any) -> None:
    """Another connection with a secret of its own; and nobody is throttled."""
    settings.WEBHOOK_UNSIGNED_RATE = 1e9
    factories.ConnectionFactory(
        organization=organization, slug="rival", secrets=ConnectionSecrets(app_secret=RIVAL)
    )


def test_no_altered_call_is_accepted(rivals: None, door: Door, connection: Connection) -> None:
    report = Report(name="SIG-1", seed=scale.seed())
    dice = random.Random(report.seed)  # noqa: S311 - repeatable, not secret
    made: Counter[str] = Counter()
    for start in range(0, scale.size(1000, full=10_000), 100):
        calls = [_attack(dice, made) for _ in range(100)]
        answers = Counter(answer.status for answer in door.all(calls))
        if set(answers) != {403}:
            report.problems.append(f"from call {start} on: {dict(answers)}")
    if stored():
        report.problems.append(f"{len(stored())} altered bodies are stored")
    genuine = bodies.body([bodies.text("wamid.genuine")])
    if door.post(genuine).status != 200:
        report.problems.append("a genuine call is refused")
    report.figures = {"altered calls": scale.size(1000, full=10_000), "ways to alter": len(made)}
    report.figures["ns between wrong at once and wrong at the end"] = round(_timing(dice), 1)
    scale.tell(report)
    assert report.problems == []


def _attack(dice: random.Random, made: Counter[str]) -> Call:
    body = bodies.body([bodies.text(f"wamid.{dice.random()}")])
    attack = dice.choice(ATTACKS)
    made[attack.__name__] += 1
    content, headers = attack(body, sign(body, bodies.SECRET), dice)
    if content == body and headers.get(HEADER) == sign(body, bodies.SECRET):
        return _attack(dice, made)
    return Call(pieces=[content], headers=headers)


def _timing(dice: random.Random) -> float:
    """Nanoseconds by which a signature wrong at once is refused later; told, not judged."""
    body = b"x" * 500
    right = sign(body, bodies.SECRET)
    wrong = {"first": f"sha256={'f' if right[7] != 'f' else '0'}{right[8:]}"}
    wrong["last"] = right[:-1] + ("f" if right[-1] != "f" else "0")
    took: dict[str, list[int]] = {name: [] for name in wrong}
    secrets = ConnectionSecrets(app_secret=bodies.SECRET)
    for _ in range(scale.size(2000, full=50_000)):
        name = dice.choice(tuple(wrong))
        call = SignedCall(body=body, headers={HEADER: wrong[name]}, url="")
        started = time.perf_counter_ns()
        PROVIDERS["cloud"].is_genuine(call, secrets)
        took[name].append(time.perf_counter_ns() - started)
    kept = {name: sorted(times)[: len(times) * 9 // 10] for name, times in took.items()}
    return statistics.fmean(kept["first"]) - statistics.fmean(kept["last"])


def test_no_altered_call_of_other_providers_is_genuine() -> None:
    report = Report(name="SIG-1 (others)", seed=scale.seed())
    dice = random.Random(report.seed)  # noqa: S311 - repeatable, not secret
    url = "https://inbox.example.com/webhooks/twilio/demo/"
    body = b"From=whatsapp%3A%2B1555&Body=hello&MessageSid=SM1"
    secrets = ConnectionSecrets(auth_token="token", hmac_key="key")
    proofs = {
        "twilio": {twilio.HEADER: twilio.sign(url, form.pairs(body), "token")},
        "waha": {waha.HEADER: waha.sign(body, "key")},
    }
    for kind, headers in proofs.items():
        is_genuine = PROVIDERS[kind].is_genuine
        assert is_genuine(SignedCall(body=body, headers=headers, url=url), secrets)
        for _ in range(scale.size(500, full=5000)):
            call = _altered(body, headers, url, dice)
            if is_genuine(call, secrets):
                report.problems.append(f"{kind} took {call}")
        if is_genuine(SignedCall(body=body, headers=headers, url=url), ConnectionSecrets()):
            report.problems.append(f"{kind} takes a call without a secret")
    report.figures = {"altered calls of each": scale.size(500, full=5000)}
    scale.tell(report)
    assert report.problems == []


def _altered(body: bytes, headers: dict[str, str], url: str, dice: random.Random) -> SignedCall:
    """One byte of the values in the body, or one character of the signature, is another."""
    [(name, value)] = headers.items()
    if dice.random() < 0.5:
        at = dice.choice([n for n, byte in enumerate(body) if chr(byte).isalnum()])
        other = dice.choice([each for each in b"XYZ789" if each != body[at]])
        spoilt = body[:at] + bytes([other]) + body[at + 1 :]
        return SignedCall(body=spoilt, headers=headers, url=url)
    at = dice.randrange(len(value))
    other_character = dice.choice([each for each in "ABab01é" if each != value[at]])
    value = dice.choice((value[:at] + other_character + value[at + 1 :], value[:at], value + "="))
    return SignedCall(body=body, headers={name: value}, url=url)
