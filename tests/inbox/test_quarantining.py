"""What operators and members see of a quarantine, and how it ends."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from alerts.evaluation import evaluate_rules
from inbox import audit
from inbox.models import AuditEntry
from outbound.models import Quarantine

pytestmark = pytest.mark.django_db


def command(capsys, *words: str) -> dict:
    call_command("quarantine", *words, "--json")
    return json.loads(capsys.readouterr().out)


def test_an_operator_stops_and_releases(organization, capsys) -> None:
    assert command(capsys, "status")["quarantines"] == []
    command(capsys, "start")
    [held] = command(capsys, "start")["quarantines"]
    assert held["reason"] == "operator_stopped"
    told = command(capsys, "release")
    assert (told["released"], told["quarantines"]) == (1, [])
    assert Quarantine.objects.get().released_at is not None
    assert command(capsys, "release")["released"] == 0


def test_stopping_and_releasing_are_in_every_organisations_chain(organization, capsys) -> None:
    command(capsys, "start", "--restored")
    command(capsys, "release")
    actions = AuditEntry.objects.filter(organization=organization).order_by("seq")
    assert [(each.action, each.actor, each.details["reason"]) for each in actions] == [
        ("start_quarantine", None, "operator_restored"),
        ("release_quarantine", None, "operator_restored"),
    ]
    assert audit.first_broken(organization.pk) is None


def test_members_and_machines_are_told_until_it_is_released(
    organization, alice, client_of, capsys
) -> None:
    Quarantine.objects.create(reason="other_cluster")
    evaluate_rules()
    browser = client_of(alice)
    assert "the database was restored from a backup." in browser.get("/").content.decode()
    ready = browser.get("/health/ready")
    assert (ready.status_code, ready.json()["parts"]["sending"]) == (200, "degraded")
    command(capsys, "release")
    evaluate_rules()
    assert "restored from a backup" not in browser.get("/").content.decode()
    assert browser.get("/health/ready").json()["parts"]["sending"] == "ok"


def test_people_read_it_as_sentences(organization, capsys) -> None:
    call_command("quarantine", "start")
    call_command("quarantine", "release")
    told = capsys.readouterr().out
    assert "Messages are kept back since" in told
    assert "Released.\nMessages leave." in told
