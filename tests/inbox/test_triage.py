"""Assigning, resolving, snoozing and the rest: what changes, what is told, and who may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import triage
from inbox.models import ReadMark
from inbox.reading import mark_read
from inbox.refusals import Invalid, ReadOnly
from inbox.triage import perform
from messaging import conversations, merging, models
from messaging.models import Conversation, Episode, Message
from tests import factories
from tests.inbox.conftest import asked

pytestmark = pytest.mark.django_db


def member(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user", "organization").get(user=user)


def told(conversation: Conversation) -> list[str]:
    """The types of a conversation's event lines, oldest first."""
    lines = Message.objects.filter(conversation=conversation, kind="event").order_by("seq")
    return [line.content["event"]["type"] for line in lines]


@pytest.fixture
def act(open_conversation):
    """One act on Carla's conversation; the conversation as it is then."""

    def do(user: models.User, action: str, **params: Any) -> Conversation:
        given = {name: str(value) for name, value in params.items()}
        perform(member(user), action, [open_conversation.pk], given)
        return Conversation.objects.get(pk=open_conversation.pk)

    return do


@pytest.fixture
def label(organization) -> models.Label:
    return models.Label.objects.create(organization=organization, name="Cakes", tint=2)


def test_an_act_changes_the_row_tells_it_once_and_moves_the_sequences(
    act, alice, bob, open_conversation
) -> None:
    for _ in range(2):
        after = act(alice, "assign", assignee=bob.pk)
    [line] = Message.objects.filter(conversation=after, kind="event")
    assert after.assignee == bob
    assert line.content["event"] == {
        "type": "assigned",
        "from": None,
        "to": {"id": bob.pk, "name": "Bob Fernandes"},
    }
    assert (line.direction, line.author) == ("internal", alice)
    assert after.head_seq == line.seq == open_conversation.head_seq + 1
    counter = models.OrganizationCounter.objects.get(organization=after.organization)
    assert after.changed_seq == counter.head_seq
    assert after.last_message == open_conversation.last_message


def test_the_first_claim_wins_and_the_other_learns_who(alice, bob, open_conversation) -> None:
    won = perform(member(alice), "claim", [open_conversation.pk], {})
    lost = perform(member(bob), "claim", [open_conversation.pk], {})
    again = perform(member(alice), "claim", [open_conversation.pk], {})
    assert won.changed == (open_conversation.pk,)
    assert lost.is_lost
    assert lost.lost == {open_conversation.pk: alice}
    assert not again.is_lost
    assert not again.changed
    assert told(open_conversation) == ["assigned"]


def test_what_changed_hands_meanwhile_is_not_taken_from_the_new_holder(
    act, alice, bob, open_conversation
) -> None:
    act(alice, "claim")
    stale = perform(
        member(bob), "assign", [open_conversation.pk], {"assignee": "me", "held_by": ""}
    )
    assert stale.lost == {open_conversation.pk: alice}
    assert act(bob, "assign", assignee="me", held_by=alice.pk).assignee == bob
    assert act(bob, "unassign").assignee is None


def test_resolving_ends_the_episode_and_reopening_begins_one(act, alice, open_conversation) -> None:
    Episode.objects.create(conversation=open_conversation, opened_at=timezone.now())
    Conversation.objects.update(waiting_since=timezone.now())
    resolved = act(alice, "resolve")
    assert (resolved.state, resolved.waiting_since) == ("resolved", None)
    assert not Episode.objects.filter(resolved_at__isnull=True).exists()
    reopened = act(alice, "reopen")
    question = open_conversation.last_message
    assert (reopened.state, reopened.waiting_since) == ("open", question.sort_at)
    assert Episode.objects.filter(resolved_at__isnull=True).count() == 1
    assert told(reopened) == ["resolved", "reopened"]


def test_a_snoozed_one_wakes_by_time_and_only_once(act, alice) -> None:
    until = timezone.now() + timedelta(hours=1)
    asleep = act(alice, "snooze", until=until.isoformat())
    assert asleep.state == "snoozed"
    assert conversations.wake_due() == 0
    past = timezone.now() - timedelta(seconds=1)
    Conversation.objects.update(snoozed_until=past, last_activity_at=past)
    assert (conversations.wake_due(), conversations.wake_due()) == (1, 0)
    asleep.refresh_from_db()
    assert (asleep.state, asleep.snoozed_until) == ("open", None)
    assert asleep.last_activity_at > past
    assert told(asleep) == ["snoozed", "woke"]


def test_priority_and_labels_change_and_change_back(act, alice, label) -> None:
    assert act(alice, "priority", priority="high").priority == "high"
    for _ in range(2):
        labelled = act(alice, "label_add", label=label.pk)
    assert list(labelled.labels.all()) == [label]
    for _ in range(2):
        bare = act(alice, "label_remove", label=label.pk)
    assert not bare.labels.exists()
    assert told(bare) == ["priority", "label_added", "label_removed"]


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("assign", {"assignee": "9999999"}),
        ("assign", {"assignee": "x"}),
        ("assign", {}),
        ("team", {"team": "9999999"}),
        ("priority", {"priority": "very"}),
        ("label_add", {"label": "9999999"}),
        ("snooze", {"until": "yesterday"}),
        ("explode", {}),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(action, params, alice, open_conversation) -> None:
    with pytest.raises(Invalid):
        perform(member(alice), action, [open_conversation.pk], params)
    assert told(open_conversation) == []


def test_what_belongs_to_others_is_neither_found_nor_given(
    alice, mallory, open_conversation
) -> None:
    with pytest.raises(Http404):
        perform(member(mallory), "resolve", [open_conversation.pk], {})
    theirs = models.Label.objects.create(organization=member(mallory).organization, name="Evil")
    team = models.Team.objects.create(organization=member(mallory).organization, name="Evil")
    for action, params in [
        ("assign", {"assignee": str(mallory.pk)}),
        ("label_add", {"label": str(theirs.pk)}),
        ("team", {"team": str(team.pk)}),
    ]:
        with pytest.raises(Invalid):
            perform(member(alice), action, [open_conversation.pk], params)


def test_an_auditor_marks_for_themselves_and_changes_nothing(alice, open_conversation) -> None:
    models.Membership.objects.filter(user=alice).update(role=models.Role.AUDITOR)
    for action in triage.ACTIONS:
        with pytest.raises(ReadOnly):
            perform(member(alice), action, [open_conversation.pk], {})
    assert perform(member(alice), "read", [open_conversation.pk], {}).changed
    assert told(open_conversation) == []


def test_nobody_is_given_what_they_do_not_see(act, alice, bob, organization) -> None:
    kitchen = models.Team.objects.create(organization=organization, name="Kitchen")
    models.Membership.objects.filter(user=bob).update(sees_all_teams=False)
    act(alice, "assign", assignee=bob.pk)
    moved = act(alice, "team", team=kitchen.pk)
    assert (moved.team, moved.assignee) == (kitchen, None)
    assert told(moved) == ["assigned", "team", "unassigned"]
    with pytest.raises(Invalid):
        act(alice, "assign", assignee=bob.pk)
    with pytest.raises(Http404):
        act(bob, "claim")


def test_unread_is_before_the_customers_newest_message_and_only_ones_own(
    act, alice, bob, open_conversation
) -> None:
    asked(open_conversation, "E então?", hours_ago=0.5)
    for user in (alice, bob):
        mark_read(user, open_conversation, seq=open_conversation.head_seq)
    perform(member(alice), "resolve", [open_conversation.pk], {})
    act(alice, "unread")
    seen = dict(ReadMark.objects.values_list("user", "inbound_count"))
    assert seen == {alice.pk: 1, bob.pk: 2}
    mark = ReadMark.objects.get(user=alice)
    assert mark.seq == 1
    act(alice, "read")
    mark.refresh_from_db()
    assert mark.inbound_count == 2


def test_of_a_merged_person_the_conversation_that_goes_on_is_meant(
    alice, channel, organization, open_conversation
) -> None:
    other = factories.ContactFactory(organization=organization)
    earlier = asked(
        factories.ConversationFactory(channel=channel, contact=other), "Sou eu", hours_ago=3
    )
    merging.merge_now(other.pk, open_conversation.contact_id, reason="x")
    done = perform(member(alice), "claim", [earlier.pk, open_conversation.pk], {})
    assert done.changed == (open_conversation.pk,)
    earlier.refresh_from_db()
    assert earlier.assignee is None


@pytest.mark.parametrize("count", [1, 40])
@pytest.mark.parametrize("action", ["claim", "resolve"])
def test_many_take_as_many_queries_as_one(action, count, alice, channel) -> None:
    ids = [factories.ConversationFactory(channel=channel).pk for _ in range(count)]
    asker = member(alice)
    with CaptureQueriesContext(database) as queries:
        assert len(perform(asker, action, ids, {}).changed) == count
    assert len(queries) <= 13


def test_more_than_a_batch_is_refused_and_cut_by_the_caller(alice, channel) -> None:
    rows = [factories.ConversationFactory(channel=channel).pk for _ in range(3)]
    with pytest.raises(Invalid):
        perform(member(alice), "claim", range(1, triage.MOST + 2), {})
    far = [*rows[:1], *range(10**9, 10**9 + triage.MOST - 1), *rows[1:]]
    assert set(triage.perform_many(member(alice), "claim", far, {}).changed) == set(rows)


def test_undo_restores_what_nobody_has_changed_since(alice, bob, channel) -> None:
    rows = [factories.ConversationFactory(channel=channel) for _ in range(3)]
    ids = [row.pk for row in rows]
    perform(member(bob), "claim", ids[:1], {})
    done = perform(member(alice), "assign", ids, {"assignee": str(alice.pk)})
    perform(member(bob), "assign", ids[2:], {"assignee": "me"})
    undone = triage.undo(member(alice), done.steps)
    assert set(undone.changed) == set(ids[:2])
    owners = dict(Conversation.objects.values_list("pk", "assignee"))
    assert owners == {ids[0]: bob.pk, ids[1]: None, ids[2]: bob.pk}


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("resolve", {}),
        ("snooze", {"until": "tomorrow"}),
        ("priority", {"priority": "urgent"}),
        ("claim", {}),
    ],
)
def test_every_act_can_be_undone(action, params, act, alice, open_conversation) -> None:
    fields = ("state", "snoozed_until", "assignee", "priority")
    before = Conversation.objects.values(*fields).get()
    done = perform(member(alice), action, [open_conversation.pk], params)
    assert Conversation.objects.values(*fields).get() != before
    triage.undo(member(alice), done.steps)
    assert Conversation.objects.values(*fields).get() == before
