"""Templates through the API: filled in, approved, allowed, or refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from inbox import audit
from inbox.models import AuditEntry
from messaging import hints
from messaging.models import Message
from outbound.models import ConsentAction, MessageTemplate, OutboxEntry
from tests import factories
from tests.inbox.templates import agreed, approved, asked, said
from tests.inbox.test_api import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(alice) -> Api:
    return Api("alice@example.com")


@pytest.fixture
def template(connection) -> MessageTemplate:
    return approved(connection)


@pytest.fixture
def send(api, conversation):
    """Ask for a template in Carla's conversation, whose window is closed."""

    def ask(template: dict[str, Any], key: str = "t-1", **fields: Any):
        body = {"conversation": conversation.pk, "client_message_id": key, "template": template}
        return api.post("messages/", {**body, **fields})

    return ask


def refusal(answer) -> tuple[int, str, list[str]]:
    body = answer.json()
    assert not Message.objects.filter(direction="out").exists()
    return answer.status_code, body.get("code"), sorted(body.get("errors", {}))


def test_a_template_leaves_outside_the_window_with_consent(send, template, carla) -> None:
    agreed(carla)
    answer = send(asked())
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["kind"], told["text"]) == (
        "template",
        "Olá Carla, a encomenda 42 está pronta.",
    )
    assert told["content"]["template"] == {
        "name": "encomenda",
        "language": {"code": "pt_PT"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Carla"}, {"type": "text", "text": "42"}],
            }
        ],
    }
    assert OutboxEntry.objects.get().message_class == "utility"


def test_the_clouds_own_form_is_taken_too(send, template, carla) -> None:
    agreed(carla)
    texts = [{"type": "text", "text": "Carla"}, {"type": "text", "text": "42"}]
    answer = send(
        {
            "name": "encomenda",
            "language": {"code": "pt_PT"},
            "components": [{"type": "body", "parameters": texts}],
        }
    )
    assert answer.json()["text"] == "Olá Carla, a encomenda 42 está pronta."


@pytest.mark.parametrize(
    ("category", "expected"),
    [("MARKETING", "marketing"), ("AUTHENTICATION", "authentication"), ("NEW", "marketing")],
)
def test_the_category_says_what_a_message_is_for(send, template, carla, category, expected) -> None:
    MessageTemplate.objects.update(category=category)
    agreed(carla)
    assert send(asked()).status_code == 201
    assert OutboxEntry.objects.get().message_class == expected


def test_without_consent_it_stays(send, template, carla) -> None:
    assert refusal(send(asked())) == (422, "consent_missing", ["to"])
    said(carla, ConsentAction.REVOKED)
    answer = send(asked())
    assert refusal(answer) == (422, "consent_revoked", ["to"])
    assert "asked not to be written to" in answer.json()["detail"]


def test_a_no_to_offers_stops_marketing_alone(send, template, carla, connection) -> None:
    agreed(carla)
    said(carla, ConsentAction.REVOKED, scope="marketing")
    approved(connection, name="oferta", category="MARKETING")
    answer = send({**asked(), "name": "oferta"})
    assert refusal(answer) == (422, "consent_revoked", ["to"])
    assert send(asked()).status_code == 201


@pytest.mark.parametrize("status", ["PAUSED", "REJECTED", "PENDING", "DELETED", "FLAGGED", ""])
def test_only_approved_templates_are_sent(send, template, carla, status) -> None:
    agreed(carla)
    MessageTemplate.objects.update(status=status)
    assert refusal(send(asked())) == (422, "template_not_approved", ["template.name"])


def test_a_template_of_another_account_is_missing(send, carla) -> None:
    agreed(carla)
    approved(factories.ConnectionFactory())
    assert refusal(send(asked())) == (422, "template_missing", ["template.name"])


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"body": ["Carla"]}, ["template.parameters.body.2"]),
        ({"body": ["Carla", "42", "x"]}, ["template.parameters.body.3"]),
        ({"body": ["Carla", "a\nb"]}, ["template.parameters.body.2"]),
        ({"body": {"name": "x"}}, [f"template.parameters.body.{name}" for name in "12"]
         + ["template.parameters.body.name"]),
        ({"header": {"id": "1"}, "body": ["C", "4"]}, ["template.parameters.header.media"]),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(send, template, carla, parameters, wrong) -> None:
    agreed(carla)
    assert refusal(send(asked(**parameters))) == (422, "template_parameters", wrong)


@pytest.mark.parametrize("absurd", ["x", 5, [], {"name": 5}, {"name": {}, "language": []}])
def test_absurd_templates_are_refused(send, template, carla, absurd) -> None:
    agreed(carla)
    assert send(absurd).status_code == 422


def test_a_repeat_is_answered_whatever_became_of_the_template(send, template, carla) -> None:
    agreed(carla)
    first = send(asked())
    MessageTemplate.objects.update(status="PAUSED")
    said(carla, ConsentAction.REVOKED)
    again = send(asked())
    assert (again.status_code, again.json()) == (200, first.json())
    other = send(asked(body=["Carla", "43"]))
    assert other.status_code == 422
    MessageTemplate.objects.update(status="APPROVED")
    assert send(asked(body=["Carla", "43"])).json() == {"code": "id_reused"}
    assert OutboxEntry.objects.count() == 1


def test_free_replies_within_the_window_need_no_consent(api, open_conversation, carla) -> None:
    said(carla, ConsentAction.REVOKED)
    body = {"conversation": open_conversation.pk, "client_message_id": "r", "text": "Sim!"}
    assert api.post("messages/", body).status_code == 201


def test_templates_are_listed_with_what_they_need(api, template, channel, mallory) -> None:
    listed = api.get(f"templates/?channel={channel.pk}").json()["results"]
    assert [(each["name"], each["as_of"]) for each in listed] == [("encomenda", None)]
    assert [each["name"] for each in listed[0]["parameters"]] == ["1", "2"]
    assert Api("mallory@example.com").get("templates/").json()["results"] == []
    assert Api("mallory@example.com").get(f"templates/?channel={channel.pk}").status_code == 404


@pytest.fixture
def hinted(monkeypatch) -> list[str]:
    """Hints by task name."""
    sent: list[str] = []
    monkeypatch.setattr(hints, "send_hint", lambda name, *_, **__: sent.append(name))
    return sent


def test_managers_have_templates_fetched(
    api, connection, alice, mallory, django_capture_on_commit_callbacks, hinted
) -> None:
    ask = {"connection": connection.pk}
    assert api.post("templates/sync/", ask).status_code == 403
    alice.memberships.update(role="admin")
    with django_capture_on_commit_callbacks(execute=True):
        answer = api.post("templates/sync/", ask)
    assert (answer.status_code, answer.json()["connection"]) == (202, connection.pk)
    assert hinted == ["outbound.tasks.sync_due_templates"]
    assert Api("mallory@example.com").post("templates/sync/", ask).status_code == 404


def test_consent_is_noted_read_and_audited(api, carla, alice, mallory) -> None:
    address = f"contacts/{carla.pk}/consents/"
    yes = {"action": "grant", "source": "web_form", "proof": "form 7"}
    assert api.post(address, yes).status_code == 201
    no = {"action": "revoke", "source": "phone", "scope": "marketing"}
    line = api.post(address, no).json()
    assert (line["action"], line["scope"], line["recorded_by"]["id"]) == (
        "revoked", "marketing", alice.pk,
    )  # fmt: skip
    lines = api.get(address).json()["results"]
    assert [each["source"] for each in lines] == ["phone", "web_form"]
    assert api.get(f"contacts/{carla.pk}/").json()["opted_out"] is True
    actions = AuditEntry.objects.order_by("seq").values_list("action", flat=True)
    assert list(actions) == ["grant_consent", "revoke_consent"]
    assert audit.first_broken(carla.organization_id) is None
    assert Api("mallory@example.com").post(address, yes).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"action": "x"}, {"source": ""}, {"scope": "x"}, {"at": "2099-01-01T00:00:00Z"}],
)
def test_wrong_notes_of_consent_are_refused(api, carla, wrong) -> None:
    note = {"action": "grant", "source": "counter", **wrong}
    answer = api.post(f"contacts/{carla.pk}/consents/", note)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, list(wrong))


def test_the_panel_shows_and_changes_consent(open_conversation, carla, alice, client_of) -> None:
    browser, panel = client_of(alice), f"/conversations/{open_conversation.pk}/contact/"
    assert b"Not asked" in browser.get(panel).content
    place = {"conversation": open_conversation.pk}
    address = f"/contacts/{carla.pk}/consent/"
    answer = browser.post(address, {**place, "action": "granted", "proof": "at the counter"})
    assert answer.headers["Location"] == f"/conversations/{open_conversation.pk}/"
    assert b"Agreed" in browser.get(panel).content
    browser.post(address, {**place, "action": "revoked"})
    assert b"Wants none" in browser.get(panel).content
    alice.memberships.update(role="auditor")
    assert browser.post(address, {**place, "action": "granted"}).status_code == 403
    assert b"They agreed" not in browser.get(panel).content


def test_the_bubble_shows_what_the_customer_sees(say, shown) -> None:
    preview = {
        "header": {"format": "text", "text": "Boas notícias"},
        "footer": "Padaria Amendoeira",
        "buttons": [
            {"type": "url", "text": "Ver", "url": "https://a.example/42"},
            {"type": "copy_code", "text": "Copiar", "code": "BOLO25"},
        ],
    }
    message = say("template", "Está pronta.", direction="out", content={"preview": preview})
    bubble = shown(message)
    for words in ("Boas notícias", "Está pronta.", "Padaria Amendoeira", "BOLO25"):
        assert words in bubble
    assert 'href="https://a.example/42"' in bubble
