"""Nobody sees what is not theirs: pages, API, counts and sockets ask the same questions."""

from __future__ import annotations

import pytest

from inbox import access, sidebar
from messaging import models
from tests import factories
from tests.inbox.conftest import asked

pytestmark = pytest.mark.django_db

ADDRESSES = [
    "/conversations/{id}/",
    "/conversations/{id}/messages/?after=0",
    "/conversations/{id}/messages/",
    "/api/v1/conversations/{id}/",
    "/api/v1/conversations/{id}/messages/",
]


def membership(user: models.User) -> models.Membership:
    return models.Membership.objects.get(user=user)


@pytest.mark.parametrize("address", ADDRESSES)
def test_another_organisations_conversation_is_not_found(
    address, open_conversation, mallory, client_of
) -> None:
    foreign = client_of(mallory).get(address.format(id=open_conversation.pk))
    absent = client_of(mallory).get(address.format(id=open_conversation.pk + 1_000_000))
    assert foreign.status_code == absent.status_code == 404
    if "/api/" in address:
        assert foreign.content == absent.content


@pytest.mark.parametrize("path", ["reply", "read"])
def test_another_organisations_conversation_is_not_written(
    path, open_conversation, mallory, client_of
) -> None:
    fields = {"text": "hi", "client_message_id": "x1", "seq": "1"}
    answer = client_of(mallory).post(f"/conversations/{open_conversation.pk}/{path}/", fields)
    assert answer.status_code == 404
    assert open_conversation.messages.count() == 1


def test_channels_narrow_what_a_member_sees(open_conversation, channel, bob) -> None:
    place = membership(bob)
    place.sees_all_channels = False
    place.save()
    assert not access.conversations(place).exists()
    assert set(sidebar.view_counts(place).values()) == {0}
    place.channels.add(channel)
    assert list(access.conversations(place)) == [open_conversation]


def test_teams_narrow_what_a_member_sees(open_conversation, organization, team, bob) -> None:
    kitchen = models.Team.objects.create(organization=organization, name="Kitchen")
    place = membership(bob)
    place.sees_all_teams = False
    place.save()
    assert access.conversations(place).exists(), "without a team it is everybody's"
    open_conversation.team = kitchen
    open_conversation.save()
    assert not access.conversations(place).exists()
    open_conversation.team = team
    open_conversation.save()
    assert access.conversations(place).exists()


@pytest.mark.parametrize("sees_channel", [True, False])
@pytest.mark.parametrize("sees_team", [True, False])
def test_scope_and_queryset_say_the_same(
    sees_channel, sees_team, open_conversation, channel, team, bob
) -> None:
    open_conversation.team = team
    open_conversation.save()
    place = membership(bob)
    place.sees_all_channels = place.sees_all_teams = False
    place.save()
    place.channels.set([channel] if sees_channel else [])
    place.teams.set([team] if sees_team else [])
    visible = access.conversations(place).exists()
    assert access.scope_of(place).sees(open_conversation) is visible
    assert visible is (sees_channel and sees_team)


def test_an_auditor_reads_and_does_not_write(open_conversation, bob, client_of) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    browser, address = client_of(bob), f"/conversations/{open_conversation.pk}/"
    assert b"your role does not reply" in browser.get(address).content
    answer = browser.post(f"{address}reply/", {"text": "hi", "client_message_id": "a1"})
    assert answer.status_code == 403
    assert open_conversation.messages.count() == 1


def test_the_chosen_organisation_counts(alice, client_of, organization) -> None:
    other = factories.OrganizationFactory(name="Dentist", slug="dentist")
    factories.MembershipFactory(user=alice, organization=other)
    browser = client_of(alice)
    assert b"Padaria Amendoeira" in browser.get("/").content
    assert browser.post("/organizations/", {"organization": "dentist"}).status_code == 302
    assert b"Dentist" in browser.get("/").content
    assert browser.post("/organizations/", {"organization": "nobodys"}).status_code == 404


def test_strangers_log_in_first(client) -> None:
    assert client.get("/").headers["Location"].startswith("/login/")
    assert client.get("/settings/members/").headers["Location"].startswith("/login/")


def test_who_lost_the_last_membership_sees_nothing(open_conversation, bob, client_of) -> None:
    models.Membership.objects.filter(user=bob).delete()
    browser = client_of(bob)
    assert browser.get(f"/conversations/{open_conversation.pk}/").status_code == 302
    assert browser.get(f"/api/v1/conversations/{open_conversation.pk}/").status_code == 403


def test_absurd_ids_are_not_found(alice, client_of) -> None:
    assert client_of(alice).get(f"/conversations/{2**70}/").status_code == 404
    assert client_of(alice).get(f"/api/v1/conversations/{2**70}/").status_code == 404


def test_lists_hold_only_what_is_visible(channel, carla, alice, mallory, client_of) -> None:
    asked(factories.ConversationFactory(channel=channel, contact=carla), "Olá")
    assert "Carla" in client_of(alice).get("/").content.decode()
    assert "Carla" not in client_of(mallory).get("/").content.decode()
    assert client_of(mallory).get("/rows/?changed_after=0").json()["rows"] == []
