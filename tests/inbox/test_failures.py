"""What people decide about failures: through the API, the commands and the admin, all audited."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.utils import timezone

from alerts.models import Alert
from alerts.rules import breakers as rule
from inbox import audit, gauges
from inbox.models import AuditEntry
from messaging.models import DeadLetter, Membership, Message, Role
from outbound.dead_letters import Failed, bury
from outbound.models import Breaker, MessageClass, OutboxEntry
from tests import factories
from tests.inbox.test_api import Api

pytestmark = pytest.mark.django_db


def api_of(user: Any, role: str = Role.ADMIN) -> Api:
    Membership.objects.filter(user=user).update(role=role)
    return Api(user.email)


def run(*arguments: str) -> Any:
    output = StringIO()
    call_command(*arguments, "--json", stdout=output)
    return json.loads(output.getvalue())


def failed(conversation: Any, code: str = "131026") -> DeadLetter:
    message = factories.MessageFactory(
        conversation=conversation, direction="out", status="failed", provider_id=None,
        error_code=code,
    )  # fmt: skip
    OutboxEntry.objects.create(
        organization=conversation.organization, channel=conversation.channel,
        conversation=conversation, message=message, state="failed", finished_at=timezone.now(),
        message_class=MessageClass.UTILITY,
    )  # fmt: skip
    bury([Failed(message_id=message.pk, code=code, request={"type": "text"})])
    return DeadLetter.objects.get(message=message)


def actions() -> list[tuple[str, int]]:
    return list(AuditEntry.objects.order_by("seq").values_list("action", "actor_number"))


def test_a_retry_by_the_api_is_audited_and_puts_the_message_back(conversation, alice) -> None:
    letter = failed(conversation)
    assert api_of(alice).post("dlq/retry/", {"ids": [letter.pk]}).json() == {"retried": 1}
    assert Message.objects.get().status == "pending"
    assert OutboxEntry.objects.get().state == "waiting"
    assert actions() == [("retry_dead_letters", alice.pk)]
    assert AuditEntry.objects.get().details == {"ids": [letter.pk], "count": 1}
    assert audit.first_broken(conversation.organization_id) is None


def test_a_discard_by_the_api_needs_a_reason_and_keeps_it(conversation, alice) -> None:
    letter = failed(conversation)
    api, body = api_of(alice), {"ids": [letter.pk]}
    assert api.post("dlq/discard/", body).status_code == 422
    answer = api.post("dlq/discard/", {**body, "reason": "called them"})
    assert answer.json() == {"discarded": 1}
    letter.refresh_from_db()
    assert (letter.state, letter.closed_by, letter.closed_reason) == (
        "discarded", alice, "called them",
    )  # fmt: skip
    assert Message.objects.get().status == "discarded"
    assert actions() == [("discard_dead_letters", alice.pk)]


def test_a_supervisor_does_not_see_failures_of_other_teams(conversation, alice, team) -> None:
    letter = failed(conversation)
    other = type(team).objects.create(organization=conversation.organization, name="Back office")
    api = api_of(alice, Role.SUPERVISOR)
    place = Membership.objects.get(user=alice)
    place.sees_all_teams = False
    place.save()
    assert [row["id"] for row in api.get("outbound-messages/dlq/").json()["results"]] == [letter.pk]
    conversation.team = other
    conversation.save()
    assert api.get("outbound-messages/dlq/").json()["results"] == []


def test_retry_failed_is_a_retry_of_sends_with_a_report(conversation) -> None:
    mine, other = failed(conversation), failed(conversation, "131049")
    told = run("retry_failed", "--all", "--code", "131026", "--dry-run")
    assert told == {"would_be_retried": 1, "ids": [mine.pk]}
    assert (OutboxEntry.objects.filter(state="waiting").count(), actions()) == (0, [])
    told = run("retry_failed", "--all", "--code", "131026")
    assert (told["retried"], told["failed_before"], told["failed"]) == (1, 1, 0)
    assert told["retrying"] == 1
    assert OutboxEntry.objects.get(state="waiting").message_id == mine.message_id
    other.refresh_from_db()
    assert (other.state, actions()) == ("failed", [("retry_dead_letters", 0)])


def test_filters_of_the_command(conversation) -> None:
    letter = failed(conversation)
    slug, number = conversation.organization.slug, str(conversation.channel_id)
    assert len(run("dlq", "list", "--organization", slug, "--channel", number)) == 1
    assert run("dlq", "list", "--older-than", "1h") == []
    DeadLetter.objects.update(last_at=timezone.now() - timedelta(hours=2))
    assert [row["id"] for row in run("dlq", "list", "--older-than", "1h")] == [letter.pk]
    told = run("dlq", "discard", "--all", "--source", "outbound", "--because", "spring cleaning")
    assert told == {"discarded": 1}
    assert DeadLetter.objects.get().closed_reason == "spring cleaning"


def test_breakers_are_listed_and_overridden_by_managers_only(conversation, alice, mallory) -> None:
    api, channel = api_of(alice, Role.OWNER), conversation.channel
    body = {"channel": channel.pk, "override": "open"}
    shown = api.post("breakers/", body).json()
    assert (shown["scope"], shown["override"], shown["state"]) == ("channel", "open", "closed")
    assert shown["override_by"]["id"] == alice.pk
    assert [row["id"] for row in api.get("breakers").json()["results"]] == [shown["id"]]
    assert Api(mallory.email).post("breakers/", body).status_code == 404
    assert Api(mallory.email).get("breakers/").json()["results"] == []
    assert api_of(alice, Role.AGENT).post("breakers/", body).status_code == 403
    assert api_of(alice).post("breakers/", {**body, "override": "none"}).json()["override"] is None
    assert actions() == [("override_breaker", alice.pk)] * 2
    assert api_of(alice).post("breakers/", {"override": "open"}).status_code == 422


def test_an_open_breaker_is_told_and_shown(connection, channel) -> None:
    Breaker.objects.create(scope=f"channel:{channel.pk}", channel=channel, state="half_open")
    assert [finding.title for finding in rule.evaluate(timezone.now())] == [
        "WhatsApp does not answer for Lisboa, loja"
    ]
    Breaker.objects.create(scope=f"connection:{connection.pk}", connection=connection, state="open")
    worst = max(rule.evaluate(timezone.now()), key=lambda finding: finding.severity == "critical")
    assert "lost its access" in worst.title
    body = gauges.exposition()[0].decode()
    assert 'inbox_breaker_state{connection="padaria",scope="channel"} 1.0' in body
    assert 'inbox_breaker_state{connection="padaria",scope="connection"} 2.0' in body
    Breaker.objects.update(override="closed")
    assert list(rule.evaluate(timezone.now())) == []
    assert not Alert.objects.exists()


def test_the_admin_overrides_with_a_trace(connection, channel, client_of) -> None:
    breaker = Breaker.objects.create(scope=f"channel:{channel.pk}", channel=channel)
    operator = factories.UserFactory(is_staff=True, is_superuser=True)
    chosen = {"action": "hold_back", "_selected_action": [breaker.pk]}
    assert client_of(operator).post("/admin/outbound/breaker/", chosen).status_code == 302
    breaker.refresh_from_db()
    assert (breaker.override, breaker.override_by) == ("open", operator)
    assert actions() == [("override_breaker", operator.pk)]


def test_one_press_in_the_admin_retries_one_letter(conversation, client_of) -> None:
    letter, other = failed(conversation), failed(conversation)
    operator = factories.UserFactory(is_staff=True, is_superuser=True)
    address = "/admin/messaging/deadletter/?state__exact=failed"
    page = client_of(operator).get(address).content.decode()
    assert f'name="again" value="{letter.pk}"' in page
    answer = client_of(operator).post(address, {"again": letter.pk})
    assert (answer.status_code, answer["Location"]) == (302, address)
    states = [OutboxEntry.objects.get(message=each.message).state for each in (letter, other)]
    assert states == ["waiting", "failed"]
    assert actions() == [("retry_dead_letters", operator.pk)]


def test_whoever_may_only_look_at_letters_has_no_button(conversation, client_of) -> None:
    letter = failed(conversation)
    reader = factories.UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    address = "/admin/messaging/deadletter/"
    assert 'name="again"' not in client_of(reader).get(address).content.decode()
    assert client_of(reader).post(address, {"again": letter.pk}).status_code == 403
    assert OutboxEntry.objects.get().state == "failed"
