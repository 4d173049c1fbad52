"""People: who may see and merge them, what the API says of them."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inbox import access, contacts
from messaging import merging, models
from tests import factories
from tests.inbox.conftest import asked
from tests.inbox.test_screens import FRAGMENT

pytestmark = pytest.mark.django_db
API = "/api/v1/contacts/"


def membership(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=user)


@pytest.fixture
def other(organization) -> models.Contact:
    """Who may be Carla too."""
    contact = factories.ContactFactory(organization=organization, name="C. Mendonça")
    factories.ContactIdentityFactory(contact=contact, kind="bsuid", value="PT.7")
    return contact


@pytest.fixture
def suggestion(carla, other) -> models.MergeSuggestion:
    merging.suggest(carla.organization_id, [(other.pk, carla.pk)], reason="One message named both.")
    return models.MergeSuggestion.objects.get()


def test_the_thread_asks_whether_they_are_one(
    suggestion, open_conversation, alice, client_of
) -> None:
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "This may be the same person as" in page
    assert "C. Mendonça" in page
    assert "One message named both." in page
    assert f'action="/suggestions/{suggestion.pk}/merge/" method="post"' in page


def test_merging_and_undoing_are_forms(
    suggestion, open_conversation, carla, other, alice, client_of
) -> None:
    browser = client_of(alice)
    fields = {"conversation": str(open_conversation.pk)}
    answer = browser.post(f"/suggestions/{suggestion.pk}/merge/", fields)
    assert answer.headers["Location"] == f"/conversations/{open_conversation.pk}/"
    other.refresh_from_db()
    assert other.merged_into == carla
    panel = browser.get(f"/conversations/{open_conversation.pk}/contact/").content.decode()
    merge = models.ContactMerge.objects.get()
    assert merge.merged_by == alice
    assert "PT.7" in panel
    assert f'action="/merges/{merge.pk}/undo/"' in panel
    browser.post(f"/merges/{merge.pk}/undo/", fields)
    other.refresh_from_db()
    merge.refresh_from_db()
    assert (other.merged_into, merge.undone_by) == (None, alice)


def test_a_rejected_pair_is_not_asked_about_again(
    suggestion, open_conversation, alice, client_of
) -> None:
    browser = client_of(alice)
    browser.post(f"/suggestions/{suggestion.pk}/reject/", {})
    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.decided_by) == ("rejected", alice)
    page = browser.get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "This may be the same person as" not in page


def test_a_question_that_a_merge_answered_is_not_asked(suggestion, carla, other, alice) -> None:
    third = factories.ContactFactory(organization=carla.organization)
    merging.suggest(carla.organization_id, [(third.pk, other.pk)], reason="x")
    merging.merge_now(other.pk, carla.pk, reason="x")
    family = merging.family([carla.pk])
    [left] = contacts.suggestions(membership(alice), family)
    assert left.name == third.name


ADDRESSES = [
    ("get", "/conversations/{conversation}/contact/"),
    ("get", "/contacts/{contact}/"),
    ("get", "/api/v1/contacts/{contact}/"),
    ("get", "/api/v1/contacts/{contact}"),
    ("post", "/suggestions/{suggestion}/merge/"),
    ("post", "/suggestions/{suggestion}/reject/"),
    ("post", "/merges/{merge}/undo/"),
]


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_nobody_elses_contacts_are_found(
    method, address, suggestion, open_conversation, mallory, client_of
) -> None:
    part = factories.ContactFactory(organization=open_conversation.organization)
    merge = merging.merge_now(part.pk, open_conversation.contact_id, reason="x")
    ids = {
        "conversation": open_conversation.pk,
        "contact": open_conversation.contact_id,
        "suggestion": suggestion.pk,
        "merge": merge.pk,
    }
    browser = client_of(mallory)
    assert getattr(browser, method)(address.format(**ids)).status_code == 404
    absent = address.format(**dict.fromkeys(ids, 2**70))
    assert getattr(browser, method)(absent).status_code == 404
    assert models.ContactMerge.objects.filter(undone_at__isnull=True).count() == 1


def test_auditors_read_and_do_not_merge(suggestion, open_conversation, bob, client_of) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    browser = client_of(bob)
    page = browser.get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "This may be the same person as" in page
    assert "/merge/" not in page
    assert browser.post(f"/suggestions/{suggestion.pk}/merge/").status_code == 403
    assert models.ContactMerge.objects.count() == 0


def test_channels_narrow_whom_a_member_sees(suggestion, open_conversation, channel, bob) -> None:
    place = membership(bob)
    place.sees_all_channels = False
    place.save()
    assert not access.contacts(place).exists()
    place.channels.add(channel)
    assert list(access.contacts(place)) == [open_conversation.contact]
    assert contacts.suggestions(place, {open_conversation.contact_id}) == []


def test_the_panel_is_a_page_too(open_conversation, carla, alice, client_of) -> None:
    carla.opted_out_at = timezone.now()
    carla.save()
    factories.ContactIdentityFactory(
        contact=carla, kind="bsuid", value="PT.old", retired_at=timezone.now()
    )
    browser, address = client_of(alice), f"/conversations/{open_conversation.pk}/contact/"
    page, fragment = browser.get(address), browser.get(address, **FRAGMENT)
    assert b'data-panel="open"' in page.content
    assert b"<html" not in fragment.content
    for words in (b"+351 910 000 042", b"PT.old", b"former", b"Opted out"):
        assert words in fragment.content


def test_the_api_shows_each_person_once(merged, conversation, carla, alice, client_of) -> None:
    browser = client_of(alice)
    answer = browser.get(API).json()
    assert answer == {
        "next": None,
        "results": [
            {
                "id": carla.pk,
                "name": "Carla Mendonça",
                "identities": [
                    {"kind": "phone", "value": "351910000042"},
                    {"kind": "bsuid", "value": "PT.7"},
                ],
                "blocked": False,
                "opted_out": False,
                "attributes": {},
                "conversations": [conversation.pk, merged.pk],
            }
        ],
    }
    assert browser.get(f"{API}{carla.pk}").json() == answer["results"][0]
    assert browser.get(f"{API}{merged.contact_id}/").json() == answer["results"][0]


@pytest.fixture
def merged(conversation, other, carla) -> models.Conversation:
    """The other one's conversation on another channel, after the merge."""
    channel = factories.ChannelFactory(connection=conversation.channel.connection)
    place = factories.ConversationFactory(channel=channel, contact=other)
    merging.merge_now(other.pk, carla.pk, reason="x")
    return place


def test_a_merged_conversation_is_its_persons(merged, carla, alice, client_of) -> None:
    shown = client_of(alice).get(f"/api/v1/conversations/{merged.pk}/").json()["contact"]
    assert (shown["id"], shown["name"]) == (carla.pk, "Carla Mendonça")
    assert {"kind": "bsuid", "value": "PT.7"} in shown["identities"]


QUERIES = ["mendonça", "  CARLA ", "351910000042", "+351 910 000 042", "910000", "PT.7"]


@pytest.mark.parametrize("text", QUERIES)
def test_people_are_found_by_name_and_id(text, merged, carla, alice, client_of) -> None:
    factories.ContactFactory(organization=carla.organization, name="Rui")
    found = client_of(alice).get(API, {"q": text}).json()["results"]
    assert [person["id"] for person in found] == [carla.pk]


def test_pages_of_people_leave_nobody_out(organization, alice, client_of) -> None:
    factories.ContactFactory.create_batch(5, organization=organization)
    browser, url, seen = client_of(alice), f"{API}?limit=2", []
    while url:
        page = browser.get(url).json()
        seen += [person["id"] for person in page["results"]]
        url = page["next"]
    assert seen == sorted(models.Contact.objects.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize("count", [1, 20])
def test_people_take_a_fixed_number_of_queries(
    count, channel, alice, client_of, django_assert_num_queries
) -> None:
    for _ in range(count):
        conversation = asked(factories.ConversationFactory(channel=channel), "Olá")
        factories.ContactIdentityFactory(contact=conversation.contact)
    browser = client_of(alice)
    with django_assert_num_queries(3 + 3):  # session, user, membership; people, ids, places
        assert len(browser.get(API).json()["results"]) == count
