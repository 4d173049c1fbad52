"""Connections are made and tested in the admin site; secrets go in and never come out."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Channel, Connection, Organization
from messaging.probing import probe
from messaging.secrets import ConnectionSecrets
from tests import factories

pytestmark = pytest.mark.django_db
TOKEN = "the-right-token"
GENUINE = {
    "Authorization": {
        f"Bearer {TOKEN}",
        "Basic " + base64.b64encode(b"AC1:" + TOKEN.encode()).decode(),
    },
    "X-Api-Key": {TOKEN},
}
ANSWERS = {
    "/v25.0/1065": {"verified_name": "Padaria", "display_phone_number": "+351 210"},
    "/2010-04-01/Accounts/AC1.json": {"friendly_name": "Padaria at Twilio"},
    "/api/sessions/default": {"name": "default", "status": "WORKING"},
}


class Provider(http.server.BaseHTTPRequestHandler):
    """All three providers in one, for one question each."""

    def do_GET(self) -> None:
        known = any(self.headers.get(name) in values for name, values in GENUINE.items())
        answer: Any = ANSWERS.get(self.path.partition("?")[0])
        status = 200 if known and answer else 404 if known else 401
        body = json.dumps(answer if status == 200 else {"message": "Not today"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def made(kind: str, base_url: str, organization: Organization, **secrets: str) -> Connection:
    connection: Connection = factories.ConnectionFactory(
        kind=kind,
        slug=f"my-{kind}",
        organization=organization,
        account_id="AC1",
        base_url=base_url,
        api_version="v25.0",
    )
    connection.secrets = ConnectionSecrets(**secrets)
    connection.save()
    if kind != "twilio":
        external_id = {"cloud": "1065", "waha": "default"}[kind]
        factories.ChannelFactory(connection=connection, external_id=external_id)
    return connection


@pytest.mark.parametrize(
    ("kind", "secret", "name"),
    [
        ("cloud", "access_token", "Padaria, +351 210"),
        ("twilio", "auth_token", "Padaria at Twilio"),
        ("waha", "api_key", "WORKING, default"),
    ],
)
def test_a_provider_is_asked(
    provider: str, organization: Organization, kind: str, secret: str, name: str
) -> None:
    connection = made(kind, provider, organization, **{secret: TOKEN})
    assert (probe(connection).is_good, name in probe(connection).sentence) == (True, True)
    connection.secrets = ConnectionSecrets(**{secret: "wrong"})
    refused = probe(connection)
    assert (refused.is_good, "401" in refused.sentence, "Not today" in refused.sentence) == (
        False,
        True,
        True,
    )


def test_what_a_network_may_do_is_a_sentence(organization: Organization) -> None:
    connection = made("waha", "http://127.0.0.1:1", organization, api_key=TOKEN)
    assert "No answer" in probe(connection).sentence
    connection.secrets = ConnectionSecrets()
    assert "no credentials" in probe(connection).sentence


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    return client


def form(organization: Organization, **more: Any) -> dict[str, Any]:
    values = {"organization": organization.pk, "kind": "twilio", "slug": "shop", "name": "Shop"}
    return values | {"adds_channels": "on", "is_active": "on"} | more


def test_a_connection_is_made_with_its_secrets(
    operator: Client, organization: Organization
) -> None:
    page = reverse("admin:messaging_connection_add")
    refused = operator.post(page, form(organization))
    assert "needs it" in refused.content.decode()
    operator.post(page, form(organization, account_id="AC1", auth_token="hush-hush"))
    connection = Connection.objects.get(slug="shop")
    assert connection.secrets.auth_token == "hush-hush"
    assert "hush-hush" not in connection.sealed_secrets


def test_secrets_stay_unless_new_ones_are_given(
    operator: Client, organization: Organization
) -> None:
    page = reverse("admin:messaging_connection_add")
    operator.post(page, form(organization, account_id="AC1", auth_token="hush-hush"))
    connection = Connection.objects.get(slug="shop")
    change = reverse("admin:messaging_connection_change", args=[connection.pk])
    shown = operator.get(change).content.decode()
    assert "hush-hush" not in shown
    assert "/webhooks/twilio/shop/" in shown
    operator.post(change, form(organization, account_id="AC1", name="Our shop"))
    connection.refresh_from_db()
    assert (connection.name, connection.secrets.auth_token) == ("Our shop", "hush-hush")


def test_the_action_says_what_the_provider_answers(
    operator: Client, organization: Organization, provider: str
) -> None:
    connection = made("waha", provider, organization, api_key=TOKEN)
    data = {"action": "test", "_selected_action": [connection.pk]}
    page = reverse("admin:messaging_connection_changelist")
    answer = operator.post(page, data, follow=True).content.decode()
    assert "The provider answers: WORKING, default." in answer
    assert Channel.objects.filter(connection=connection).count() == 1
