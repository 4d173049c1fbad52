"""Canned replies: whose they are, what they say to one customer, and the page they are kept on."""

from __future__ import annotations

import pytest

from inbox import canned
from inbox.models import CannedReply
from messaging import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(organization):
    """A canned reply, everybody's unless it has an owner."""

    def make(shortcut: str, text: str = "Hello", owner: models.User | None = None) -> CannedReply:
        return CannedReply.objects.create(
            organization=organization, owner=owner, shortcut=shortcut, text=text
        )

    return make


def filled(browser, conversation: models.Conversation, reply: CannedReply):
    return browser.get(f"/conversations/{conversation.pk}/canned/{reply.pk}/")


def test_variables_are_filled_and_what_is_unknown_stays_visible(
    conversation, alice, client_of, keep
) -> None:
    text = "Olá {{contact.first_name}}, {{ agent.name }} da {{channel.name}}: {{order.number}}"
    answer = filled(client_of(alice), conversation, keep("ola", text)).json()
    assert answer == {
        "text": "Olá Carla, Alice Moreau da Lisboa, loja: {{order.number}}",
        "unknown": ["{{order.number}}"],
    }


def test_a_name_nobody_knows_is_left_for_the_agent(conversation, carla, alice, client_of, keep):
    carla.name = ""
    carla.save()
    answer = filled(client_of(alice), conversation, keep("ola", "Olá {{contact.name}}")).json()
    assert answer["unknown"] == ["{{contact.name}}"]


def test_a_customer_who_is_called_like_a_variable_is_not_filled_in_again(
    conversation, carla, alice, client_of, keep
) -> None:
    carla.name = "{{agent.name}} X"
    carla.save()
    answer = filled(client_of(alice), conversation, keep("ola", "{{contact.name}}")).json()
    assert answer["text"] == "{{agent.name}} X"


def test_one_sees_ones_own_and_everybodys(alice, bob, mallory, client_of, keep) -> None:
    keep("hours"), keep("mine", owner=alice), keep("his", owner=bob)
    listed = client_of(alice).get("/canned/").json()["results"]
    assert [each["shortcut"] for each in listed] == ["hours", "mine"]
    assert client_of(mallory).get("/canned/").json() == {"results": []}


def test_another_organisations_canned_reply_is_not_found(
    conversation, mallory, alice, client_of, keep
) -> None:
    reply = keep("hours")
    assert filled(client_of(mallory), conversation, reply).status_code == 404
    assert client_of(mallory).get(f"/settings/canned/{reply.pk}/").status_code == 404


def test_an_agent_keeps_own_ones_and_a_supervisor_everybodys(alice, bob, client_of) -> None:
    models.Membership.objects.filter(user=bob).update(role=models.Role.SUPERVISOR)
    fields = {"shortcut": "/hours", "title": "Opening", "text": "7:30 to 19", "is_shared": "on"}
    assert client_of(alice).post("/settings/canned/", fields).status_code == 302
    assert client_of(bob).post("/settings/canned/", fields).status_code == 302
    kept = CannedReply.objects.order_by("pk")
    assert [(each.shortcut, each.owner) for each in kept] == [("hours", alice), ("hours", None)]


def test_what_everybody_uses_only_a_supervisor_changes(alice, bob, client_of, keep) -> None:
    shared, his = keep("hours"), keep("his", owner=bob)
    browser = client_of(alice)
    for reply, status in ((shared, 403), (his, 404)):
        assert browser.post(f"/settings/canned/{reply.pk}/delete/").status_code == status
        assert browser.get(f"/settings/canned/{reply.pk}/").status_code == status
    assert client_of(bob).post(f"/settings/canned/{his.pk}/delete/").status_code == 302
    assert list(CannedReply.objects.all()) == [shared]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"shortcut": "two words", "text": "x"}, "One word"),
        ({"shortcut": "Hours", "text": "x"}, "one of this name already"),
        ({"shortcut": "x", "text": "Hi {{contact.nmae}}"}, "contact.nmae"),
        ({"shortcut": "x", "text": "x" * 4097}, "4096"),
    ],
)
def test_the_page_says_what_is_wrong(alice, client_of, keep, fields, said) -> None:
    keep("hours", owner=alice)
    answer = client_of(alice).post("/settings/canned/", fields)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert CannedReply.objects.count() == 1


def test_changing_one_keeps_its_owner(alice, client_of, keep) -> None:
    mine = keep("hours", owner=alice)
    fields = {"shortcut": "times", "text": "Always"}
    assert client_of(alice).post(f"/settings/canned/{mine.pk}/", fields).status_code == 302
    mine.refresh_from_db()
    assert (mine.shortcut, mine.text, mine.owner) == ("times", "Always", alice)
    assert canned.unknown_in(mine.text) == []
