"""Details of a person: added, changed, called otherwise, dropped; and two who do so at once."""

from __future__ import annotations

import pytest

from inbox import describing
from inbox.models import AuditEntry
from inbox.refusals import Invalid
from messaging import describing as ground
from messaging import merging, models
from messaging.describing import LONGEST_NAME, LONGEST_VALUE, MOST_DETAILS
from tests import factories
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_contacts import membership
from tests.messaging.conftest import at_once

pytestmark = pytest.mark.django_db


def noted(contact: models.Contact) -> dict[str, str]:
    contact.refresh_from_db()
    return contact.attributes


def full() -> dict[str, str]:
    return {f"Detail {number}": "x" for number in range(MOST_DETAILS)}


@pytest.fixture
def edit(open_conversation, carla, alice, client_of):
    """Alice submits the form of a detail in the panel."""

    def post(former: str = "", name: str = "", value: str = "", **rest: str):
        fields = {"former": former, "name": name, "value": value, **rest}
        fields["conversation"] = str(open_conversation.pk)
        return client_of(alice).post(f"/contacts/{carla.pk}/details/", fields)

    return post


def test_a_detail_is_added_changed_renamed_and_removed(edit, carla) -> None:
    answer = edit(name=" Allergies ", value="Walnut\r\nalmond")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/contact/#contact-details")
    assert noted(carla) == {"Allergies": "Walnut\nalmond"}
    edit("Allergies", "Allergies", "None")
    edit(name="Delivery", value="Rua 14")
    edit("Allergies", "Nuts", "None")
    assert noted(carla) == {"Delivery": "Rua 14", "Nuts": "None"}
    edit("Nuts", "Nuts", "None", action="remove")
    assert noted(carla) == {"Delivery": "Rua 14"}


def test_the_audit_keeps_which_and_not_what(edit, carla, alice) -> None:
    edit(name="Allergies", value="Walnut")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor) == (
        "describe_contact",
        f"contact:{carla.pk}",
        alice,
    )
    assert entry.details == {"details": ["Allergies"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("n" * (LONGEST_NAME + 1), "x"), ("n", "x" * (LONGEST_VALUE + 1))],
)
def test_what_does_not_fit_is_refused_with_what_was_typed(edit, carla, name, value) -> None:
    answer = edit(name=name, value=value)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert f"{value}</textarea>" in page
    assert noted(carla) == {}


def test_a_new_name_takes_nobody_elses_place(edit, carla) -> None:
    edit(name="Allergies", value="Walnut")
    edit(name="Delivery", value="Rua 14")
    assert edit(name="Allergies", value="None").status_code == 422
    assert edit("Delivery", "Allergies", "Rua 14").status_code == 422
    assert noted(carla) == {"Allergies": "Walnut", "Delivery": "Rua 14"}


def test_there_are_at_most_so_many_and_those_can_be_changed(edit, carla) -> None:
    models.Contact.objects.update(attributes=full())
    assert edit(name="One more", value="x").status_code == 422
    assert edit("Detail 1", "Detail 1", "y").status_code == 302
    assert edit("Detail 2", "Renamed", "z").status_code == 302
    assert len(noted(carla)) == MOST_DETAILS
    assert (carla.attributes["Detail 1"], carla.attributes["Renamed"]) == ("y", "z")


@pytest.mark.django_db(transaction=True)
def test_two_who_change_different_details_do_not_undo_one_another(carla, alice, bob) -> None:
    models.Contact.objects.update(attributes={"Kept": "k", "Gone": "g"})
    one, other = membership(alice), membership(bob)
    at_once(
        *(
            lambda number=number: describing.note(one, carla.pk, "", f"A{number}", "1")
            for number in range(3)
        ),
        *(
            lambda number=number: describing.note(other, carla.pk, "", f"B{number}", "2")
            for number in range(3)
        ),
        lambda: describing.describe(other, carla.pk, {}, without=["Gone"]),
    )
    names = {"Kept", *(f"{letter}{number}" for letter in "AB" for number in range(3))}
    assert set(noted(carla)) == names


@pytest.mark.django_db(transaction=True)
def test_many_at_once_stay_within_the_limit(carla, alice) -> None:
    few = dict(list(full().items())[:-2])
    models.Contact.objects.update(attributes=few)
    mine, refused = membership(alice), []

    def add(number: int) -> None:
        try:
            describing.note(mine, carla.pk, "", f"New {number}", "x")
        except Invalid:
            refused.append(number)

    at_once(*(lambda number=number: add(number) for number in range(5)))
    assert (len(noted(carla)), len(refused)) == (MOST_DETAILS, 3)


def test_details_follow_a_merge_and_leave_with_it(carla, alice, organization) -> None:
    carla.attributes = {"Both": "hers", "Own": "1"}
    carla.save()
    other = factories.ContactFactory(
        organization=organization, attributes={"Both": "theirs", "Brought": "2", "Changed": "3"}
    )
    journal = merging.merge_now(other.pk, carla.pk, reason="x")
    assert noted(carla) == {"Both": "hers", "Own": "1", "Brought": "2", "Changed": "3"}
    describing.note(membership(alice), other.pk, "Changed", "Changed", "since")
    merging.undo(journal.pk, by=alice)
    assert noted(carla) == {"Both": "hers", "Own": "1", "Changed": "since"}
    assert noted(other) == {"Both": "theirs", "Brought": "2", "Changed": "3"}


def test_a_write_that_met_a_merge_goes_to_the_person(carla, organization) -> None:
    other = factories.ContactFactory(organization=organization)
    merging.merge_now(other.pk, carla.pk, reason="x")
    ground.describe(other.pk, {"Late": "1"})
    assert noted(carla) == {"Late": "1"}
    assert noted(other) == {}


def test_programs_patch_names_and_details(carla, open_conversation, alice, client_of) -> None:
    browser, address = client_of(alice), f"/api/v1/contacts/{carla.pk}/"
    carla.attributes = {"Kept": "1", "Gone": "2"}
    carla.save()
    change = {"name": "Carla M.", "attributes": {"New": "3", "Gone": None}}
    answer = browser.patch(address, change, content_type="application/json")
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["attributes"]) == (
        "Carla M.",
        {"Kept": "1", "New": "3"},
    )
    assert browser.get(address).json() == answer.json()
    long = {"attributes": {"n" * (LONGEST_NAME + 1): "x"}}
    refused = browser.patch(address, long, content_type="application/json")
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"name"})


def test_auditors_and_strangers_change_nothing(
    carla, open_conversation, bob, mallory, client_of
) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    fields = {"name": "Other", "value": "x", "conversation": str(open_conversation.pk)}
    for user, status in ((bob, 403), (mallory, 404)):
        browser = client_of(user)
        for what in ("details", "name", "block"):
            address = f"/contacts/{carla.pk}/{what}/"
            assert browser.post(address, fields, **FRAGMENT).status_code == status
        api = f"/api/v1/contacts/{carla.pk}/"
        answer = browser.patch(api, {"name": "Other"}, content_type="application/json")
        assert answer.status_code == status
    carla.refresh_from_db()
    assert (carla.name, carla.attributes, carla.blocked_at) == ("Carla Mendonça", {}, None)
