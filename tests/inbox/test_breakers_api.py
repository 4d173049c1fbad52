"""`breakers/`: what holds messages back is seen and decided on by owners and admins."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from inbox.models import AuditEntry
from messaging.models import Channel, Connection, Role
from outbound.models import Breaker
from tests import factories
from tests.inbox.test_quota_api import api_of

pytestmark = pytest.mark.django_db
PATH = "breakers/"


def told(user: Any) -> list[tuple[str, str, str]]:
    rows = api_of(user).get(PATH).json()["results"]
    return [(row["scope"], row["name"], row["state"]) for row in rows]


def test_the_host_of_ones_own_connection_is_shown_and_no_other(
    alice, connection: Connection
) -> None:
    Connection.objects.filter(pk=connection.pk).update(base_url="https://graph.example.com")
    factories.ConnectionFactory(base_url="https://elsewhere.example.com")
    for host in ("graph.example.com", "elsewhere.example.com"):
        Breaker.objects.create(scope=f"host:{host}", state="open", retry_at=timezone.now())
    assert told(alice) == [("host", "graph.example.com", "open")]


def test_anothers_number_is_neither_shown_nor_decided_on(alice, channel: Channel) -> None:
    theirs = factories.ChannelFactory()
    Breaker.objects.create(scope=f"channel:{theirs.pk}", channel=theirs, state="open")
    assert told(alice) == []
    answer = api_of(alice).put(PATH, {"channel": theirs.pk, "override": "closed"})
    assert answer.status_code == 404
    assert Breaker.objects.get().override == ""


def test_a_decision_is_shown_and_audited(alice, channel: Channel) -> None:
    shown = api_of(alice).put(PATH, {"channel": channel.pk, "override": "open"}).json()
    assert (shown["override"], shown["override_by"]["id"]) == ("open", alice.pk)
    entry = AuditEntry.objects.get(action="override_breaker")
    assert (entry.actor, entry.details["override"]) == (alice, "open")


def test_agents_decide_nothing(alice, channel: Channel) -> None:
    answer = api_of(alice, Role.AGENT).put(PATH, {"channel": channel.pk, "override": "open"})
    assert answer.status_code == 403
    assert not Breaker.objects.exists()
