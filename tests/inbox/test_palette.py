"""Whom the command palette finds: only people one may see, with where one talks with them."""

from __future__ import annotations

import re

import pytest

from messaging import models
from tests import factories
from tests.inbox.conftest import asked

pytestmark = pytest.mark.django_db


def found(browser, text: str) -> list[tuple[str, str]]:
    """Addresses and names of what is offered."""
    page = browser.get("/palette/", {"q": text}).content.decode()
    return re.findall(r'<a href="([^"]+)".*?<span dir="auto">([^<]*)</span>', page)


def person(channel: models.Channel, name: str) -> models.Conversation:
    contact = factories.ContactFactory(organization=channel.organization, name=name)
    factories.ContactIdentityFactory(contact=contact)
    return asked(factories.ConversationFactory(channel=channel, contact=contact), "Olá")


def test_a_name_leads_to_the_conversation(channel, alice, client_of) -> None:
    conversation = person(channel, "Zita Amaral")
    assert found(client_of(alice), "amar") == [
        (f"/conversations/{conversation.pk}/", "Zita Amaral")
    ]


def test_somebody_without_a_conversation_is_found_too(organization, alice, client_of) -> None:
    contact = factories.ContactFactory(organization=organization, name="Zita Amaral")
    assert found(client_of(alice), "zita") == [(f"/contacts/{contact.pk}/", "Zita Amaral")]


def test_one_letter_asks_for_nobody(channel, alice, client_of, django_assert_num_queries) -> None:
    person(channel, "Zita Amaral")
    browser = client_of(alice)
    with django_assert_num_queries(3):
        assert found(browser, "z") == []


def test_other_organisations_find_nobody(channel, mallory, client_of) -> None:
    person(channel, "Zita Amaral")
    assert found(client_of(mallory), "zita") == []


def test_other_teams_conversations_are_no_goal(channel, organization, alice, client_of) -> None:
    conversation = person(channel, "Zita Amaral")
    theirs = models.Team.objects.create(organization=organization, name="Back office")
    models.Conversation.objects.filter(pk=conversation.pk).update(team=theirs)
    place = models.Membership.objects.get(user=alice)
    place.sees_all_teams = False
    place.save()
    assert found(client_of(alice), "zita") == []


@pytest.mark.parametrize("count", [1, 30])
def test_however_many_there_are_a_few_come_in_a_fixed_number_of_queries(
    count, channel, alice, client_of, django_assert_num_queries
) -> None:
    for number in range(count):
        person(channel, f"Zita {number:02}")
    browser = client_of(alice)
    with django_assert_num_queries(3 + 3):
        names = [name for _, name in found(browser, "zita")]
    assert names == [f"Zita {number:02}" for number in range(min(count, 8))]


def test_of_several_conversations_the_newest_is_where_one_talks(
    channel, connection, alice, client_of
) -> None:
    old = person(channel, "Zita Amaral")
    other = factories.ChannelFactory(connection=connection, name="Porto")
    new = asked(factories.ConversationFactory(channel=other, contact=old.contact), "Olá")
    models.Conversation.objects.filter(pk=old.pk).update(last_activity_at="2020-01-01T00:00Z")
    assert found(client_of(alice), "zita") == [(f"/conversations/{new.pk}/", "Zita Amaral")]


def test_names_are_shown_as_they_were_written(channel, alice, client_of) -> None:
    person(channel, "<b>Zita</b>")
    page = client_of(alice).get("/palette/", {"q": "zita"}).content.decode()
    assert "&lt;b&gt;Zita&lt;/b&gt;" in page


def test_a_newer_conversation_that_one_may_not_see_is_no_goal(
    channel, connection, organization, alice, client_of
) -> None:
    seen = person(channel, "Zita Amaral")
    other = factories.ChannelFactory(connection=connection, name="Porto")
    hidden = asked(factories.ConversationFactory(channel=other, contact=seen.contact), "Olá")
    models.Conversation.objects.filter(pk=seen.pk).update(last_activity_at="2020-01-01T00:00Z")
    theirs = models.Team.objects.create(organization=organization, name="Back office")
    models.Conversation.objects.filter(pk=hidden.pk).update(team=theirs)
    models.Membership.objects.filter(user=alice).update(sees_all_teams=False)
    assert found(client_of(alice), "zita") == [(f"/conversations/{seen.pk}/", "Zita Amaral")]
