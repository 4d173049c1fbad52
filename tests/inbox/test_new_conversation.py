"""Beginning a conversation: whom one finds, where one lands, what others may not see."""

from __future__ import annotations

import pytest
from django.urls import reverse

from messaging.models import Contact, Conversation, Membership, Role
from tests import factories
from tests.inbox.conftest import FRAGMENT

pytestmark = pytest.mark.django_db
ADDRESS = "/conversations/new/"
NEW = "351910000777"


@pytest.fixture
def found(alice, client_of, channel):
    """What Alice is shown while she types."""

    def ask(text: str, **headers: str) -> str:
        browser = client_of(alice)
        answer = browser.get(ADDRESS, {"q": text, "channel": channel.pk}, **(headers or FRAGMENT))
        assert answer.status_code == 200
        return answer.content.decode()

    return ask


@pytest.fixture
def start(alice, client_of, channel):
    def post(value: str, **fields: object):
        body = {"channel": channel.pk, "kind": "phone", "value": value, "q": value, **fields}
        return client_of(alice).post(ADDRESS, body)

    return post


def test_a_new_number_gets_a_conversation_with_the_templates_open(start, alice, client_of) -> None:
    answer = start("+351 910 000 777")
    made = Conversation.objects.get()
    assert answer["Location"] == reverse("inbox:conversation", args=[made.pk])
    assert made.contact.identities.get().value == NEW
    page = client_of(alice).get(answer["Location"]).content.decode()
    assert 'id="picker-form"' in page


def test_starting_twice_is_one_conversation(start) -> None:
    assert start(NEW)["Location"] == start("00351 910 000 777")["Location"]
    assert (Conversation.objects.count(), Contact.objects.count()) == (1, 1)


def test_whoever_has_a_conversation_is_led_to_it(found, conversation, carla) -> None:
    address = reverse("inbox:conversation", args=[conversation.pk])
    for text in (carla.name[:4], "910 000 042"):
        page = found(text)
        assert f'href="{address}"' in page
        assert 'name="value"' not in page, "nothing new is begun"


def test_a_number_that_nobody_has_is_offered(found) -> None:
    page = found("+351 910 000 777")
    assert f'name="value" value="{NEW}"' in page
    assert "New number" in page
    assert "Nobody of that name" in found("+351 9")


def test_a_known_person_without_a_conversation_is_written_to_at_their_number(
    found, organization
) -> None:
    rui = factories.ContactFactory(organization=organization, name="Rui Torres")
    factories.ContactIdentityFactory(contact=rui, kind="phone", value=NEW, scope="")
    factories.ContactFactory(organization=organization, name="Rui Sem Número")
    page = found("rui")
    assert f'name="value" value="{NEW}"' in page
    assert "Has no address on this channel" in page


def test_what_is_no_number_is_said_beside_the_search(start) -> None:
    answer = start("12")
    assert answer.status_code == 422
    assert "Give a phone number with its country code." in answer.content.decode()
    assert not Contact.objects.exists()


def test_mallory_finds_nobody_and_begins_nothing_here(
    mallory, client_of, channel, conversation, carla
) -> None:
    browser = client_of(mallory)
    page = browser.get(ADDRESS, {"q": carla.name, "channel": channel.pk}, **FRAGMENT)
    assert carla.name not in page.content.decode().replace(f'value="{carla.name}"', "")
    body = {"channel": channel.pk, "kind": "phone", "value": NEW}
    assert browser.post(ADDRESS, body).status_code == 404
    assert Conversation.objects.count() == 1


def test_who_only_reads_begins_nothing(start, alice, client_of) -> None:
    Membership.objects.update(role=Role.AUDITOR)
    assert client_of(alice).get(ADDRESS).status_code == 403
    assert start(NEW).status_code == 403
    assert ADDRESS not in client_of(alice).get("/").content.decode()


def test_the_page_stands_beside_the_list(found) -> None:
    page = found("", HTTP_ACCEPT="text/html")
    assert "<!doctype html>" in page
    assert 'id="list"' in page
    assert 'id="start-text"' in page
