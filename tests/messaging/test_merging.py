"""Merging contacts, and parting them again exactly."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging import carrying, merging, timeline
from messaging.models import (
    Contact,
    ContactIdentity,
    ContactMerge,
    Conversation,
    ConversationState,
    MergeSuggestion,
)
from tests import factories
from tests.messaging import bodies
from tests.messaging.conftest import at_once, deliver, drain_all
from tests.messaging.test_properties import undone, with_database

Snapshot = tuple[dict[int, int], dict[int, int | None]]


def snapshot() -> Snapshot:
    """Whose every id is, and whose part every contact is."""
    owners = dict(ContactIdentity.objects.values_list("pk", "contact_id"))
    return owners, dict(Contact.objects.values_list("pk", "merged_into_id"))


def person(organization: Any, **fields: Any) -> Contact:
    contact = factories.ContactFactory(organization=organization, **fields)
    factories.ContactIdentityFactory(contact=contact)
    factories.ContactIdentityFactory(contact=contact, kind="bsuid", value=f"US.{contact.pk}")
    return contact


def merged(source: Contact, target: Contact, **options: Any) -> ContactMerge:
    journal = merging.merge_now(source.pk, target.pk, reason="number change", **options)
    assert journal is not None
    return journal


@pytest.mark.django_db
def test_ids_move_to_the_root_and_messages_stay(carla, conversation, organization) -> None:
    message = factories.MessageFactory(conversation=conversation)
    root = person(organization)
    merged(carla, root)
    carla.refresh_from_db()
    assert carla.merged_into == root
    assert carla.identities.count() == 0
    assert root.identities.count() == 3
    message.refresh_from_db()
    assert message.conversation == conversation
    assert conversation.contact == carla


@pytest.mark.django_db
def test_a_merge_is_never_two_deep_and_only_done_once(organization) -> None:
    a, b, c = (person(organization) for _ in range(3))
    merged(a, b)
    assert merging.merge_now(b.pk, a.pk, reason="again") is None
    merged(a, c)  # a stands for its root
    assert merging.merge_now(c.pk, a.pk, reason="again") is None
    assert merging.merge_now(a.pk, 2**40, reason="nobody") is None
    assert merging.family([a.pk]) == {a.pk: c.pk, b.pk: c.pk, c.pk: c.pk}
    assert set(Contact.objects.values_list("merged_into", flat=True)) == {None, c.pk}


@pytest.mark.django_db
def test_nothing_crosses_the_border_of_an_organisation(carla) -> None:
    stranger = person(factories.OrganizationFactory())
    with pytest.raises(merging.DifferentOrganizations):
        merging.merge_now(carla.pk, stranger.pk, reason="no")
    assert ContactMerge.objects.count() == 0


steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), st.integers(0, 4), st.integers(0, 4)),
        st.tuples(st.just("undo"), st.integers(0, 9), st.just(0)),
    ),
    max_size=14,
)


@with_database
@given(history=steps, order=st.randoms(use_true_random=False))
@pytest.mark.django_db
def test_any_merges_and_undos_restore_every_id(organization, history, order) -> None:
    with undone():
        people = [person(organization) for _ in range(5)]
        before = snapshot()
        journals: list[ContactMerge] = []
        for step, first, second in history:
            if step == "merge":
                journal = merging.merge_now(people[first].pk, people[second].pk, reason="")
                journals += [journal] if journal else []
            elif journals:
                merging.undo(journals[first % len(journals)].pk, by=None)
            assert_forest(people)
        order.shuffle(journals)
        for journal in journals:
            merging.undo(journal.pk, by=None)
        assert snapshot() == before


def assert_forest(people: list[Contact]) -> None:
    """What is merged into whom follows from the merges that are running, and from nothing else."""
    running = ContactMerge.objects.filter(undone_at__isnull=True)
    above = dict(running.values_list("source_id", "target_id"))

    def root_of(pk: int) -> int:
        return root_of(above[pk]) if pk in above else pk

    owners, roots = snapshot()
    assert {pk: root or pk for pk, root in roots.items()} == {p.pk: root_of(p.pk) for p in people}
    assert set(owners.values()) <= {root_of(p.pk) for p in people}


@pytest.mark.django_db
def test_what_was_learned_later_stays_with_the_root(carla, organization) -> None:
    root = person(organization)
    journal = merged(carla, root)
    later = factories.ContactIdentityFactory(contact=root, kind="bsuid", value="US.later")
    assert merging.undo(journal.pk, by=None) is True
    assert merging.undo(journal.pk, by=None) is False
    later.refresh_from_db()
    assert later.contact == root
    assert carla.identities.get().value == "351910000042"


@pytest.fixture
def waiting(conversation) -> Conversation:
    """Carla waits for an answer, and her window is open."""
    since = timezone.now() - timedelta(hours=2)
    conversation.waiting_since, conversation.window_expires_at = since, since + timedelta(hours=24)
    conversation.save()
    return conversation


@pytest.fixture
def resolved(channel, organization) -> Conversation:
    """Somebody else's, with nothing to do."""
    return factories.ConversationFactory(
        channel=channel, contact=person(organization, name=""), state=ConversationState.RESOLVED
    )


@pytest.mark.django_db
def test_the_conversation_that_goes_on_says_what_is_true(waiting, resolved) -> None:
    journal = merged(waiting.contact, resolved.contact)
    resolved.refresh_from_db()
    resolved.contact.refresh_from_db()
    assert resolved.contact.name == "Carla Mendonça"
    assert resolved.state == ConversationState.OPEN
    assert resolved.waiting_since == waiting.waiting_since
    assert resolved.window_expires_at == waiting.window_expires_at
    merging.undo(journal.pk, by=None)
    resolved.refresh_from_db()
    resolved.contact.refresh_from_db()
    assert (resolved.contact.name, resolved.state) == ("", ConversationState.RESOLVED)
    assert (resolved.waiting_since, resolved.window_expires_at) == (None, None)


@pytest.mark.django_db
def test_an_undo_keeps_what_the_customer_did_since(waiting, resolved) -> None:
    journal = merged(waiting.contact, resolved.contact)
    Conversation.objects.filter(pk=resolved.pk).update(inbound_count=1)
    merging.undo(journal.pk, by=None)
    resolved.refresh_from_db()
    assert resolved.state == ConversationState.OPEN
    assert resolved.waiting_since is not None


@pytest.mark.django_db
@pytest.mark.parametrize("newer", ["source", "target"])
def test_the_newest_wish_about_marketing_counts(newer, organization) -> None:
    now = timezone.now()
    times = {"source": now - timedelta(hours=1), "target": now - timedelta(hours=1), newer: now}
    source = person(organization, opted_out_at=times["source"], preference_at=times["source"])
    target = person(organization, preference_at=times["target"])
    journal = merged(source, target)
    target.refresh_from_db()
    assert (target.opted_out_at is not None) is (newer == "source")
    merging.undo(journal.pk, by=None)
    target.refresh_from_db()
    assert target.opted_out_at is None


@pytest.mark.django_db
def test_lists_hear_of_a_merge_and_of_its_end(waiting, resolved) -> None:
    journal = merged(waiting.contact, resolved.contact)
    first = set(Conversation.objects.values_list("changed_seq", flat=True))
    merging.undo(journal.pk, by=None)
    second = set(Conversation.objects.values_list("changed_seq", flat=True))
    assert (first, second) == ({1, 2}, {3, 4})


@pytest.mark.django_db
def test_a_pair_is_suggested_once_and_answered_by_a_merge(carla, alice, organization) -> None:
    other = person(organization)
    pairs = [(carla.pk, other.pk), (other.pk, carla.pk), (carla.pk, carla.pk)]
    merging.suggest(organization.pk, pairs, reason="one message named both")
    merging.suggest(organization.pk, pairs, reason="again")
    suggestion = MergeSuggestion.objects.get()
    assert (suggestion.contact_id, suggestion.other_id) == (carla.pk, other.pk)
    journal = merged(carla, other, by=alice)
    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.decided_by) == ("merged", alice)
    merging.undo(journal.pk, by=alice)
    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.decided_at) == ("open", None)
    assert merging.reject(suggestion.pk, by=alice) is True
    assert merging.reject(suggestion.pk, by=alice) is False


@pytest.mark.django_db(transaction=True)
def test_of_two_merges_at_once_one_counts(organization) -> None:
    for _ in range(10):
        a, b = person(organization), person(organization)
        at_once(
            partial(merging.merge_now, a.pk, b.pk, reason="x"),
            partial(merging.merge_now, b.pk, a.pk, reason="y"),
            partial(merging.merge_now, a.pk, b.pk, reason="z"),
        )
        journal = ContactMerge.objects.get(source_id__in=[a.pk, b.pk])
        assert set(merging.family([a.pk]).values()) == {journal.target_id}
        assert ContactIdentity.objects.filter(contact=journal.target_id).count() == 4


@pytest.mark.django_db(transaction=True)
def test_merges_in_a_ring_end_in_one_family(organization) -> None:
    for _ in range(5):
        ring = [person(organization) for _ in range(4)]
        pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
        at_once(*(partial(merging.merge_now, a.pk, b.pk, reason="") for a, b in pairs))
        families = merging.family([contact.pk for contact in ring])
        assert len(set(families.values())) == 1
        assert ContactMerge.objects.filter(source__in=ring).count() == 3


@pytest.mark.django_db(transaction=True)
def test_messages_that_arrive_while_a_merge_runs_are_all_there(connection, organization) -> None:
    channel = factories.ChannelFactory(connection=connection, external_id=bodies.NUMBER_ID)
    carla = factories.ContactIdentityFactory(
        contact__organization=organization, value="351910000001"
    ).contact
    factories.ConversationFactory(channel=channel, contact=carla)
    root = person(organization)
    for number in range(60):
        text = bodies.text(f"wamid.in.{number}", sender="351910000001")
        deliver(connection, bodies.body([text]))

    def join_and_part() -> None:
        for _ in range(5):
            merging.undo(merged(carla, root).pk, by=None)
        merged(carla, root)

    at_once(partial(drain_all, connection), join_and_part)
    conversations = Conversation.objects.filter(contact__in=merging.family([root.pk]))
    assert sum(each.messages.count() for each in conversations) == 60
    assert sum(each.inbound_count for each in conversations) == 60


@pytest.mark.django_db
def test_a_batch_merges_in_its_own_transaction(carla, conversation, organization) -> None:
    root = person(organization)
    with undone():
        journal = merging.merge(carla.pk, root.pk, reason="user_id_update")
        assert journal is not None
        locked = timeline.lock(merging.touched_conversations([root.pk]))
        carrying.carry_over([journal], locked)
        timeline.publish(locked.values())
        assert [each.contact_id for each in locked.values()] == [carla.pk]
    assert snapshot()[1] == {carla.pk: None, root.pk: None}
