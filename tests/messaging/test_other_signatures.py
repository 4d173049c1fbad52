"""Only what Twilio and our own WAHA have signed is stored."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.core.management import call_command

from messaging.models import Connection, InboundEvent
from messaging.providers.calls import SignedCall
from messaging.providers.twilio import signature as twilio
from messaging.providers.waha import signature as waha
from messaging.secrets import ConnectionSecrets
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import Door, stored

PAYLOADS = Path(__file__).parent.parent / "payloads"
VECTOR = json.loads((PAYLOADS / "twilio" / "signature_vector.json").read_text())
HMAC = json.loads((PAYLOADS / "waha" / "hmac_vector.json").read_text())
TOKEN = "auth-token"
KEY = "hmac-key"
HOST = "shop.example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def by_hand(signed: str, token: str = TOKEN) -> str:
    """What Twilio computes, of a string put together by the test."""
    digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def is_genuine(url: str, body: bytes, signature: str, token: str = TOKEN) -> bool:
    call = SignedCall(body=body, headers={twilio.HEADER: signature}, url=url)
    return twilio.is_genuine(call, token)


# --- Twilio, pure -------------------------------------------------------------------------------


def test_the_vectors_of_twilio_are_genuine() -> None:
    sample = json.loads((PAYLOADS / "twilio" / VECTOR["params_file"]).read_text())
    published = VECTOR["published_check"]
    for vector, fields in ((VECTOR, sample), (published, published["params"])):
        body = urlencode(fields).encode()
        url, value, token = vector["url"], vector["value"], vector["auth_token"]
        assert is_genuine(url, body, value, token)
        assert not is_genuine(url, body, value, token + "6")
        assert not is_genuine(url + "&z=1", body, value, token)
        assert not is_genuine(url, body + b"&z=1", value, token)
        assert not is_genuine(url, body, value, "")


BASE = "https://a.example/x"
FORMS: dict[str, tuple[bytes, str]] = {
    "names sorted by case": (b"b=2&a=1&B=3", f"{BASE}B3a1b2"),
    "values of one name sorted": (b"d=5678&s=1&d=1234", f"{BASE}d1234d5678s1"),
    "the same value twice": (b"d=1&d=1&d=2", f"{BASE}d1d2"),
    "blank values": (b"a=&b&c=1", f"{BASE}abc1"),
    "an escaped separator": (b"a=1%262%3D3+%2B", f"{BASE}a1&2=3 +"),
    "beyond ASCII": ("a=%C3%A9&b=é".encode(), f"{BASE}aébé"),
    "nothing": (b"", BASE),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_field_counts_in_order(name: str) -> None:
    body, signed = FORMS[name]
    assert is_genuine(BASE, body, by_hand(signed))
    assert not is_genuine(BASE, body, by_hand(signed + "x"))


ADDRESSES = [
    ("https://a.example/x?y=1", "https://a.example:443/x?y=1", True),
    ("https://a.example:443/x", "https://a.example/x", True),
    ("http://a.example/x", "http://a.example:80/x", True),
    ("http://a.example:8001/x", "http://a.example:8001/x", True),
    ("http://a.example:8001/x", "http://a.example/x", True),
    ("https://[::1]:443/x", "https://[::1]/x", True),
    ("https://a.example", "https://a.example:443", True),
    ("https://a.example/x", "https://a.example:80/x", False),
    ("https://a.example/x", "http://a.example/x", False),
    ("https://a.example/x", "https://b.example/x", False),
    ("https://a.example/x", "https://a.example/x/", False),
    ("https://a.example/x?u=http://b:1", "https://a.example/x?u=http://b", False),
]


@pytest.mark.parametrize(("called", "signed", "genuine"), ADDRESSES)
def test_twilio_may_leave_out_the_port(called: str, signed: str, genuine: bool) -> None:
    assert is_genuine(called, b"a=1", by_hand(f"{signed}a1")) is genuine


def test_a_json_body_is_signed_by_its_hash_in_the_address() -> None:
    body = b'{"property": "value"}'
    url = f"{BASE}?foo=1&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert is_genuine(url, body, by_hand(url))
    assert not is_genuine(url, body + b" ", by_hand(url))
    assert not is_genuine(url, body, by_hand(BASE))
    assert not is_genuine(f"{BASE}?bodySHA256=", body, by_hand(f"{BASE}?bodySHA256="))
    assert not is_genuine(BASE, body, by_hand(BASE))


ODD_BODIES = [b"\xff=\xfe", b"%ff=%", b"a=%ED%A0%80", b"\0", b"=x&=", "a=é".encode("latin-1")]


@pytest.mark.parametrize("body", ODD_BODIES)
@pytest.mark.parametrize("url", [BASE, "", "nonsense", "https://[/", "http://a:b/", "https://é/"])
def test_an_odd_call_is_refused_and_breaks_nothing(body: bytes, url: str) -> None:
    for given in ("", "é", "x" * 5000, by_hand(url)):
        assert not is_genuine(url, body, given)
    assert not twilio.is_genuine(SignedCall(body=body, headers={}, url=url), TOKEN)


def test_a_flood_of_fields_is_refused_unread() -> None:
    many = b"&".join(b"a%d=" % number for number in range(twilio.MOST_FIELDS + 1))
    signed = BASE + "".join(sorted(f"a{number}" for number in range(twilio.MOST_FIELDS + 1)))
    assert not is_genuine(BASE, many, by_hand(signed))
    most, _, last = many.rpartition(b"&")
    assert is_genuine(BASE, most, by_hand(signed.replace(last.decode().rstrip("="), "", 1)))


# --- WAHA, pure ---------------------------------------------------------------------------------


def waha_genuine(headers: dict[str, str], key: str, body: bytes = HMAC["body"].encode()) -> bool:
    return waha.is_genuine(SignedCall(body=body, headers=headers, url=""), key)


def test_the_published_vector_of_waha_is_genuine() -> None:
    value, key = HMAC["x_webhook_hmac"], HMAC["secret"]
    for algorithm in ({}, {waha.ALGORITHM_HEADER: "sha512"}, {waha.ALGORITHM_HEADER: "SHA512"}):
        headers = {waha.HEADER: value, **algorithm}
        assert waha_genuine(headers, key)
        assert not waha_genuine(headers, key + "2")
        assert not waha_genuine(headers, key, HMAC["body"].encode() + b"\n")


def test_nothing_else_of_waha_is_genuine() -> None:
    value, key = HMAC["x_webhook_hmac"], HMAC["secret"]
    for given in ("", value[:-1], value.upper(), "é" + value[1:], f"sha512={value}"):
        assert not waha_genuine({waha.HEADER: given}, key)
    assert not waha_genuine({}, key)
    assert not waha_genuine({waha.HEADER: value, waha.ALGORITHM_HEADER: "sha256"}, key)
    empty = hmac.new(b"", HMAC["body"].encode(), hashlib.sha512).hexdigest()
    assert not waha_genuine({waha.HEADER: empty}, "")


# --- through the gateway ------------------------------------------------------------------------


@pytest.fixture
def others(organization: Any) -> dict[str, Connection]:
    """A connection of either kind, and a neighbour's with other secrets and with none."""
    made = {
        ("twilio", "padaria"): ConnectionSecrets(auth_token=TOKEN),
        ("waha", "padaria"): ConnectionSecrets(hmac_key=KEY),
        ("twilio", "bare"): ConnectionSecrets(app_secret=TOKEN),
        ("waha", "bare"): ConnectionSecrets(app_secret=KEY, api_key=KEY),
    }
    for (kind, slug), secrets in made.items():
        factories.ConnectionFactory(
            organization=organization, kind=kind, slug=slug, secrets=secrets
        )
    rival = factories.OrganizationFactory()
    secrets = ConnectionSecrets(auth_token="rival-token", hmac_key="rival-key")
    for kind in ("twilio", "waha"):
        factories.ConnectionFactory(organization=rival, kind=kind, slug="rival", secrets=secrets)
    return {each.kind: each for each in Connection.objects.filter(slug="padaria")}


def samples(kind: str) -> Iterable[bytes]:
    for path in sorted((PAYLOADS / kind).glob("*.json")):
        if not path.name.startswith(("api_", "signature_", "hmac_")):
            body = path.read_bytes()
            yield urlencode(json.loads(body)).encode() if kind == "twilio" else body


def signed(kind: str, body: bytes, *, secret: str, url: str) -> dict[str, str]:
    """The headers that come with it."""
    if kind == "waha":
        value = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
        return {**JSON, "host": HOST, waha.HEADER: value, waha.ALGORITHM_HEADER: "sha512"}
    fields = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    text = url + "".join(f"{name}{value}" for name, value in fields)
    return {**FORM, "host": HOST, twilio.HEADER: by_hand(text, secret)}


def place(kind: str, slug: str = "padaria") -> str:
    return f"/webhooks/{kind}/{slug}/"


SECRETS = {"twilio": TOKEN, "waha": KEY}
COUNTS = {"twilio": 18, "waha": 21}


@pytest.mark.parametrize("kind", SECRETS)
def test_every_signed_sample_is_stored_and_answered_with_nothing(
    door: Door, others: dict[str, Connection], kind: str
) -> None:
    sent = list(samples(kind))
    for body in sent:
        url = f"http://{HOST}{place(kind)}"
        headers = signed(kind, body, secret=SECRETS[kind], url=url)
        answer = door.post(body, headers, path=place(kind))
        assert (answer.status, answer.body) == (200, b"")
    assert stored() == sent
    assert len(sent) == COUNTS[kind]
    assert set(InboundEvent.objects.values_list("connection", flat=True)) == {others[kind].pk}


@pytest.mark.parametrize("kind", SECRETS)
def test_whatever_else_is_signed_is_refused(
    door: Door, others: dict[str, Connection], kind: str
) -> None:
    body = next(iter(samples(kind)))
    own, rival, bare = place(kind), place(kind, "rival"), place(kind, "bare")

    def post(path: str, secret: str, content: bytes = body) -> int:
        headers = signed(kind, body, secret=secret, url=f"http://{HOST}{path}")
        return door.post(content, headers, path=path).status

    genuine = SECRETS[kind]
    assert post(own, "wrong") == 403
    assert post(own, "") == 403
    assert post(own, genuine, body + b"&x=1") == 403
    assert post(own, "rival-token") == post(own, "rival-key") == 403
    assert post(rival, genuine) == 403
    assert post(bare, "") == post(bare, genuine) == 403
    assert door.post(body, {"host": HOST}, path=own).status == 403
    assert stored() == []
    assert post(own, genuine) == 200


def test_twilio_is_asked_at_the_public_address(
    door: Door, others: dict[str, Connection], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://inbox.example.com"
    body, path = b"MessageSid=SM1", place("twilio")
    public = f"https://inbox.example.com{path}?x=1"
    for url, status in {public: 200, f"http://{HOST}{path}?x=1": 403}.items():
        headers = signed("twilio", body, secret=TOKEN, url=url) | {"host": "10.0.0.1:8001"}
        assert door.post(body, headers, path=path, query="x=1").status == status
    assert stored() == [body]


def test_the_vector_of_twilio_passes_the_gateway(
    door: Door, organization: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://inbox.example.com"
    secrets = ConnectionSecrets(auth_token=VECTOR["auth_token"])
    factories.ConnectionFactory(
        organization=organization, kind="twilio", slug="wa-1", secrets=secrets
    )
    body = urlencode(json.loads((PAYLOADS / "twilio" / VECTOR["params_file"]).read_text())).encode()
    headers = {**FORM, VECTOR["header"].lower(): VECTOR["value"]}
    answer = door.post(body, headers, path="/webhooks/twilio/wa-1", query="x=1")
    assert (answer.status, answer.body) == (200, b"")


def test_what_names_a_repetition_is_kept(door: Door, others: dict[str, Connection]) -> None:
    marks = {
        "twilio": {"i-twilio-idempotency-token": "t-1"},
        "waha": {"x-webhook-request-id": "r-1", "x-webhook-timestamp": "1741249702485"},
    }
    for kind, more in marks.items():
        url = f"http://{HOST}{place(kind)}"
        headers = signed(kind, b"a=1", secret=SECRETS[kind], url=url) | more
        door.post(b"a=1", headers | {"x-secret": "s"}, path=place(kind))
        kept = InboundEvent.objects.latest("pk").headers
        assert more.items() <= kept.items()
        assert not {"host", "x-secret"} & kept.keys()


def test_the_demo_takes_webhooks_of_all_kinds(door: Door, settings: Any) -> None:
    settings.DEMO = True
    for _ in range(2):
        call_command("seed_demo", stdout=StringIO())
    for kind, secret in {"twilio": "demo-auth-token", "waha": "demo-hmac-key"}.items():
        path = place(kind, "demo")
        body = next(iter(samples(kind)))
        headers = signed(kind, body, secret=secret, url=f"http://{HOST}{path}")
        assert door.post(body, headers, path=path).status == 200
    by_meta = bodies.signed(b"{}", "demo-app-secret")
    assert door.post(b"{}", by_meta, path=place("cloud", "demo")).status == 200
    demo = Connection.objects.filter(slug="demo").order_by("kind")
    accounts = [("cloud", "102290129340398"), ("twilio", "ACdemo"), ("waha", "")]
    assert list(demo.values_list("kind", "account_id")) == accounts


@pytest.mark.parametrize("kind", SECRETS)
def test_there_is_nothing_to_get(door: Door, others: dict[str, Connection], kind: str) -> None:
    assert door.get("hub.mode=subscribe", path=place(kind)).status == 405
    assert door.get("hub.mode=subscribe", path=place(kind, "nobody")).status == 404
