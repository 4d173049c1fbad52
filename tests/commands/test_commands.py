"""The commands that operators type."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from messaging.drain import drain_batch
from messaging.models import Channel, Connection, InboundEvent, Membership, Organization, User

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def delivered(connection, payloads):
    body = (payloads / "cloud" / "message_text.json").read_bytes()
    InboundEvent.objects.create(connection=connection, body=body)
    drain_batch(connection)


def test_ledger_balance_closes(delivered):
    sums = json.loads(run("ledger", "balance", "--json"))
    assert sums == {
        "received": 1,
        "in_flight": 0,
        "items": 1,
        "applied": 1,
        "duplicate": 0,
        "ignored": 0,
        "dead": 0,
        "balanced": True,
    }


def test_ledger_trace_tells_the_story(delivered):
    story = json.loads(run("ledger", "trace", "wamid.pywa_message_text_0", "--json"))
    assert [item["outcome"] for item in story["items"]] == ["applied"]
    assert [message["text"] for message in story["messages"]] == ["Body Text"]


def test_ledger_trace_of_nothing_says_so(delivered):
    with pytest.raises(CommandError, match="Nothing is known"):
        run("ledger", "trace", "wamid.never")


def test_sweep_once_applies_what_a_lost_hint_left(connection, payloads, settings):
    body = (payloads / "cloud" / "message_text.json").read_bytes()
    event = InboundEvent.objects.create(connection=connection, body=body)
    InboundEvent.objects.filter(pk=event.pk).update(received_at="2026-01-01T00:00:00Z")
    assert json.loads(run("sweep", "--once", "--json"))["deliveries"] == 1


SETUP = {
    "WHATSAPP_ORGANIZATION": "Padaria Central",
    "WHATSAPP_OWNER_EMAIL": "olga@example.com",
    "WHATSAPP_OWNER_NAME": "Olga",
    "WHATSAPP_OWNER_PASSWORD": "a-long-enough-password-31",
    "WHATSAPP_PHONE_NUMBER_ID": "106540352240000",
    "WHATSAPP_ACCESS_TOKEN": "token",
    "WHATSAPP_APP_SECRET": "secret",
    "WHATSAPP_VERIFY_TOKEN": "verify-me",
}


def test_setup_makes_organisation_owner_and_connection(monkeypatch):
    for name, value in SETUP.items():
        monkeypatch.setenv(name, value)
    facts = json.loads(run("setup", "--json"))
    assert facts["callback_url"].endswith("/webhooks/cloud/padaria-central/")
    assert facts["verify_token"] == "verify-me"
    assert Membership.objects.get().role == "owner"
    assert User.objects.get().check_password("a-long-enough-password-31")
    assert Channel.objects.get().external_id == "106540352240000"
    assert Connection.objects.get().secrets.app_secret == "secret"


def test_setup_may_be_repeated(monkeypatch):
    for name, value in SETUP.items():
        monkeypatch.setenv(name, value)
    run("setup")
    run("setup")
    assert Organization.objects.count() == Connection.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("WHATSAPP_OWNER_EMAIL", "nobody", "valid email"),
        ("WHATSAPP_OWNER_PASSWORD", "short", "too short"),
        ("WHATSAPP_APP_SECRET", "", "WHATSAPP_APP_SECRET"),
    ],
)
def test_setup_refuses_in_a_sentence(monkeypatch, name, value, sentence):
    for key, given in {**SETUP, name: value}.items():
        monkeypatch.setenv(key, given)
    with pytest.raises(CommandError, match=sentence):
        run("setup")
    assert not Organization.objects.exists()


def test_seed_demo_refuses_outside_a_demo(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO"):
        run("seed_demo")


def test_seed_demo_may_be_repeated(settings):
    settings.DEMO = True
    run("seed_demo")
    run("seed_demo")
    assert User.objects.count() == 3
    assert Channel.objects.count() == 2
