"""Changed rows: read once, rendered once per language, each viewer's own left to them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from inbox import access, coalescer
from inbox.models import ReadMark
from inbox.tickets import Ticket
from messaging import models
from tests import factories
from tests.inbox.conftest import asked

pytestmark = pytest.mark.django_db


def ticket(user: models.User, language: str = "en") -> Ticket:
    membership = models.Membership.objects.get(user=user)
    return Ticket(
        membership_id=membership.pk,
        user_id=user.pk,
        session_key="k",
        session_hash="h",
        scope=access.scope_of(membership),
        language=language,
    )


@pytest.fixture
def changed(channel) -> list[models.Conversation]:
    rows = []
    for number in range(1, 4):
        row = asked(factories.ConversationFactory(channel=channel), f"Olá {number}")
        row.changed_seq = number
        row.save()
        rows.append(row)
    models.OrganizationCounter.objects.update(head_seq=3)
    return rows


def test_frames_hold_what_changed_since(changed, organization, alice) -> None:
    changes = coalescer.read_changes(organization.pk, 1, [ticket(alice)])
    frame = json.loads(changes.frame(ticket(alice)))
    assert (frame["from"], frame["to"]) == (1, 3)
    assert [row["id"] for row in frame["rows"]] == [row.pk for row in changed[1:]]


def test_rows_are_neutral_and_reads_are_ones_own(changed, organization, alice, bob) -> None:
    ReadMark.objects.create(user=alice, conversation=changed[0], seq=1, inbound_count=1)
    changes = coalescer.read_changes(organization.pk, 0, [ticket(alice), ticket(bob)])
    mine, theirs = (json.loads(changes.frame(ticket(user)))["rows"] for user in (alice, bob))
    assert (mine[0]["read"], theirs[0]["read"]) == (1, 0)
    assert mine[0]["html"] == theirs[0]["html"]
    assert 'data-inbound="1"' in mine[0]["html"]
    for word in ("data-unread", "data-mine", "aria-current", "data-read"):
        assert word not in mine[0]["html"]


def test_scopes_narrow_a_shared_reading(changed, organization, alice, bob) -> None:
    narrow = ticket(bob)
    narrow = replace(narrow, scope=replace(narrow.scope, channels=frozenset()))
    changes = coalescer.read_changes(organization.pk, 0, [ticket(alice), narrow])
    assert len(json.loads(changes.frame(ticket(alice)))["rows"]) == 3
    assert json.loads(changes.frame(narrow))["rows"] == []
    assert json.loads(changes.frame(narrow))["to"] == 3


def test_a_flood_comes_in_pieces(changed, organization, alice, monkeypatch) -> None:
    monkeypatch.setattr(coalescer, "MOST_ROWS", 2)
    first = coalescer.read_changes(organization.pk, 0, [ticket(alice)])
    assert (first.to_seq, first.is_complete) == (2, False)
    second = coalescer.read_changes(organization.pk, first.to_seq, [ticket(alice)])
    assert (second.to_seq, second.is_complete) == (3, True)


@pytest.mark.parametrize("viewers", [1, 20])
def test_readings_cost_the_same_for_any_number_of_viewers(
    viewers, changed, organization, alice, django_assert_num_queries
) -> None:
    tickets = [replace(ticket(alice), user_id=number) for number in range(viewers)]
    with django_assert_num_queries(6):
        coalescer.read_changes(organization.pk, 0, tickets)
