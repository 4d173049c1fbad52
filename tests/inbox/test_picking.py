"""The template picker: what it lists, what it needs, what it shows, and that it sends."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from tests.inbox.templates import agreed, approved

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def template(connection):
    return approved(connection)


@pytest.fixture
def agent(alice) -> Client:
    client = Client()
    client.force_login(alice.user if hasattr(alice, "user") else alice)
    return client


@pytest.fixture
def address(conversation) -> str:
    return reverse("inbox:conversation-template", args=[conversation.pk])


@pytest.fixture
def fields(template, conversation) -> dict[str, str]:
    seen = {"seen_seq": str(conversation.head_seq)}
    return {"template": str(template.pk), "client_message_id": "p-1", **seen}


def test_only_approved_templates_are_listed(agent, address, template) -> None:
    approved(template.connection, name="gone", status="PAUSED", provider_id="9")
    page = agent.get(address, headers=FRAGMENT).content.decode()
    assert 'data-template-name="encomenda"' in page
    assert 'data-template-name="gone"' not in page


def test_the_preview_marks_what_is_missing_and_escapes_the_rest(agent, address, fields) -> None:
    headers = {**FRAGMENT, "HX-Target": "picker-preview"}
    page = agent.get(address, {**fields, "p.body.1": "<b>Rosa"}, headers=headers).content.decode()
    assert "<form" not in page
    assert '<span class="picker-value">&lt;b&gt;Rosa</span>' in page
    assert '<span class="picker-value" data-missing>{{2}}</span>' in page


def test_without_consent_it_says_so_and_does_not_send(agent, address, fields) -> None:
    page = agent.get(address, fields, headers=FRAGMENT).content.decode()
    assert "Nobody has noted that this contact agreed" in page
    filled = {**fields, "p.body.1": "Rosa", "p.body.2": "42"}
    assert agent.post(address, filled, headers=FRAGMENT).status_code == 422
    assert not Message.objects.filter(direction="out").exists()


def test_a_blank_is_complained_about_beside_its_field(agent, address, fields, carla) -> None:
    agreed(carla)
    answer = agent.post(address, {**fields, "p.body.1": "Rosa"}, headers=FRAGMENT)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'id="picker-p-body-2-error"' in page
    assert 'id="picker-p-body-1-error"' not in page
    assert 'value="Rosa"' in page


def test_it_sends_once_however_often_it_is_pressed(agent, address, fields, carla) -> None:
    agreed(carla)
    filled = {**fields, "p.body.1": "Rosa", "p.body.2": "42"}
    for _ in range(2):
        answer = agent.post(address, filled, headers=FRAGMENT)
        assert (answer.status_code, answer["HX-Trigger"]) == (200, "picker:sent")
    [message] = Message.objects.filter(direction="out")
    assert (message.kind, message.text) == ("template", "Olá Rosa, a encomenda 42 está pronta.")


def test_without_a_script_the_page_comes_whole(agent, address, fields, carla) -> None:
    agreed(carla)
    page = agent.get(address, fields).content.decode()
    assert 'name="p.body.2"' in page
    assert 'class="shell"' in page
    filled = {**fields, "p.body.1": "Rosa", "p.body.2": "42"}
    assert agent.post(address, filled).status_code == 302


def test_without_logging_in_it_leads_to_the_login(address, client, fields) -> None:
    assert "/login/" in client.get(address)["Location"]
