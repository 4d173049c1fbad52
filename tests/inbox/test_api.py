"""The JSON API, to the letter of its contract."""

from __future__ import annotations

import pytest
from django.test import Client

from messaging import models
from tests import factories
from tests.inbox.conftest import answered, asked

pytestmark = pytest.mark.django_db

CONVERSATION = {
    "id", "channel", "contact", "state", "assignee", "team", "priority", "labels", "unread",
    "head_seq", "changed_seq", "window_expires_at", "waiting_since", "last_message",
}  # fmt: skip
MESSAGE = {
    "id", "conversation", "channel", "seq", "changed_seq", "direction", "kind", "text", "content",
    "author", "provider_id", "provider_at", "received_at", "sort_at", "status", "error",
    "reply_to", "media", "reactions", "edited", "deleted",
}  # fmt: skip


class Api:
    """A program with a token."""

    def __init__(self, email: str, **headers: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        body = {"email": email, "password": "demo-inbox"}
        answer = self.client.post("/api/v1/auth/token/", body, content_type="application/json")
        assert answer.status_code == 201
        assert set(answer.json()) == {"token", "expires_at"}
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}", **headers}

    def get(self, path: str):
        return self.client.get(f"/api/v1/{path}", headers=self.headers)

    def post(self, path: str, body: object = None):
        return self.client.post(
            f"/api/v1/{path}", body or {}, content_type="application/json", headers=self.headers
        )


@pytest.fixture
def api(alice) -> Api:
    return Api("alice@example.com")


def draft(conversation: models.Conversation, /, **fields: object) -> dict[str, object]:
    return {
        "conversation": conversation.pk,
        "client_message_id": "m-1",
        "kind": "text",
        "text": "Sim!",
        **fields,
    }


def test_shapes(api, open_conversation, carla) -> None:
    [row] = api.get("conversations/").json()["results"]
    assert set(row) == CONVERSATION
    assert set(row["last_message"]) == MESSAGE
    assert row["channel"]["provider"] == "cloud"
    assert row["contact"] == {
        "id": carla.pk,
        "name": "Carla Mendonça",
        "identities": [{"kind": "phone", "value": "351910000042"}],
    }
    assert (row["unread"], row["state"], row["assignee"]) == (1, "open", None)
    assert row["window_expires_at"].endswith("Z")
    assert api.get(f"conversations/{open_conversation.pk}").json() == row
    page = api.get(f"conversations/{open_conversation.pk}/messages/").json()
    assert set(page) == {"head_seq", "next", "results"}
    assert page["results"] == [row["last_message"]]
    author = page["results"][0]["author"]
    assert author == {"type": "contact", "id": carla.pk, "name": "Carla Mendonça"}


@pytest.mark.parametrize("path", ["conversations", "ledger", "auth/token", "schema", "messages"])
def test_every_path_is_served_with_and_without_its_slash(path, alice, client_of) -> None:
    browser = client_of(alice)
    with_slash = browser.get(f"/api/v1/{path}/")
    assert browser.get(f"/api/v1/{path}").status_code == with_slash.status_code
    assert with_slash.status_code in {200, 405, 422}


def test_strangers_and_wrong_words_are_401(client, alice) -> None:
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Bearer é"}):
        answer = client.get("/api/v1/conversations/", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["Content-Type"] == "application/json"
    body = {"email": "alice@example.com", "password": "wrong"}
    wrong = client.post("/api/v1/auth/token/", body, content_type="application/json")
    assert wrong.status_code == 401


def test_a_browser_needs_its_csrf_token(open_conversation, alice) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.get("/api/v1/conversations/").status_code == 200
    answer = browser.post(
        "/api/v1/messages/", draft(open_conversation), content_type="application/json"
    )
    assert answer.status_code == 403
    assert not open_conversation.messages.filter(direction="out").exists()


def test_organisations_are_chosen_by_slug(alice, mallory, open_conversation) -> None:
    theirs = mallory.memberships.get().organization.slug
    assert (
        Api("alice@example.com", **{"X-Org-Id": "padaria"}).get("conversations/").json()["results"]
    )
    for slug in (theirs, "nobodys"):
        api = Api("alice@example.com", **{"X-Org-Id": slug})
        assert api.get("conversations/").status_code == 404


def test_sending_answers_201_then_200_then_409(api, open_conversation) -> None:
    first = api.post("messages/", draft(open_conversation))
    models.Message.objects.filter(client_message_id="m-1").update(status="read", changed_seq=9)
    again = api.post("messages", draft(open_conversation))
    other = api.post("messages/", draft(open_conversation, text="Não."))
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert set(first.json()) == MESSAGE
    assert first.json() == again.json()
    assert first.json()["status"] == "pending"
    assert other.json() == {"code": "id_reused"}


def test_the_guard_answers_409_with_what_was_not_seen(api, open_conversation, bob) -> None:
    theirs = answered(open_conversation, bob, "Já respondi.")
    refused = api.post("messages/", draft(open_conversation, seen_seq=1))
    assert refused.status_code == 409
    assert refused.json()["code"] == "unseen"
    assert [message["id"] for message in refused.json()["unseen"]] == [theirs.pk]
    fields = draft(open_conversation, seen_seq=1, override=["unseen"])
    assert api.post("messages/", fields).status_code == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"kind": "poll"}, "kind"),
        ({"kind": "image"}, "content.image"),
        ({"override": ["everything"]}, "override"),
        ({"seen_seq": -1}, "seen_seq"),
        ({"conversation": "x"}, "conversation"),
        ({"client_message_id": ""}, "client_message_id"),
    ],
)
def test_validation_errors_are_422(api, open_conversation, fields, field) -> None:
    answer = api.post("messages/", draft(open_conversation, **fields))
    assert answer.status_code == 422
    assert field in answer.json()["errors"]


def test_a_closed_window_has_a_code(api, conversation) -> None:
    asked(conversation, "Olá", hours_ago=30)
    answer = api.post("messages/", draft(conversation))
    assert (answer.status_code, answer.json()["code"]) == (422, "window_closed")


def test_what_is_not_there_is_404_in_json(api, mallory, open_conversation) -> None:
    assert api.post("messages/", draft(open_conversation, conversation=10**12)).status_code == 404
    assert api.get("no/such/thing").json() == {"detail": "Not found."}


@pytest.mark.parametrize("limit", ["0", "201", "x", "-1", "1.5", "9" * 400])
def test_bad_limits_are_422(api, limit) -> None:
    answer = api.get(f"conversations/?limit={limit}")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["limit"])


def walk(api: Api, path: str) -> list[dict]:
    rows, pages = [], 0
    while path:
        page = api.get(path).json()
        rows += page["results"]
        path = (page["next"] or "").removeprefix("http://testserver/api/v1/")
        pages += 1
    assert pages > 1
    return rows


def test_lists_are_walked_without_gaps(api, channel, alice, open_conversation) -> None:
    for number in range(4):
        asked(factories.ConversationFactory(channel=channel), "Olá", hours_ago=2 + number)
        answered(open_conversation, alice, f"Resposta {number}")
    by_activity = walk(api, "conversations/?limit=2")
    assert len({row["id"] for row in by_activity}) == len(by_activity) == 5
    messages = f"conversations/{open_conversation.pk}/messages/"
    by_change = walk(api, f"{messages}?after=0&limit=2")
    assert [row["changed_seq"] for row in by_change] == [1, 2, 3, 4, 5]
    by_time = walk(api, f"{messages}?before=&limit=2")
    assert [row["id"] for row in by_time[::-1]] == [row["id"] for row in by_change]


def test_changed_after_and_filters(api, channel, alice, open_conversation) -> None:
    other = asked(factories.ConversationFactory(channel=channel, assignee=alice), "Olá")
    models.Conversation.objects.filter(pk=open_conversation.pk).update(changed_seq=5)
    models.Conversation.objects.filter(pk=other.pk).update(changed_seq=7, state="resolved")

    def ids(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"conversations/?{query}").json()["results"]]

    assert ids("changed_after=4") == [open_conversation.pk, other.pk]
    assert ids("changed_after=5") == [other.pk]
    assert ids("state=resolved") == ids("assignee=me") == ids(f"assignee={alice.pk}") == [other.pk]
    assert ids("assignee=none") == [open_conversation.pk]
    assert len(ids(f"channel={channel.pk}&unread=true")) == 2
    assert ids("unread=false") == []
    assert api.get("conversations/?state=odd").status_code == 422


def test_leases(api, open_conversation, bob) -> None:
    path = f"conversations/{open_conversation.pk}"
    held = api.post(f"{path}/lock").json()
    assert set(held) == {"lease_token", "until"}
    theirs = Api("bob@example.com")
    refused = theirs.post(f"{path}/lock/")
    assert refused.status_code == 409
    assert refused.json()["code"] == "held"
    assert refused.json()["held_by"]["name"] == "Alice Moreau"
    assert theirs.post("messages/", draft(open_conversation)).json()["code"] == "held"
    token = {"lease_token": held["lease_token"]}
    assert api.post(f"{path}/heartbeat", token).json()["lease_token"] == held["lease_token"]
    taken = theirs.post(f"{path}/takeover").json()
    assert taken["lease_token"] > held["lease_token"]
    assert api.post(f"{path}/heartbeat", token).status_code == 409
    assert api.post(f"{path}/heartbeat").status_code == 422
    assert theirs.post(f"{path}/unlock", {"lease_token": taken["lease_token"]}).status_code == 200
    assert api.post(f"{path}/lock").status_code == 200


def test_the_ledger_tells_a_messages_story(api, open_conversation, mallory) -> None:
    message = open_conversation.messages.get()
    story = api.get(f"ledger/?wamid={message.provider_id}").json()
    assert set(story) == {"wamid", "items", "messages", "attempts", "statuses"}
    assert [entry["id"] for entry in story["messages"]] == [message.pk]
    assert Api("mallory@example.com").get(f"ledger?wamid={message.provider_id}").status_code == 404
    assert api.get("ledger/").status_code == 422


def test_the_schema_names_every_path_once(api) -> None:
    paths = api.get("schema/").json()["paths"]
    assert "/api/v1/conversations/{conversation_id}/messages/" in paths
    assert all(path.endswith("/") for path in paths)


def test_lists_take_a_fixed_number_of_queries(
    channel, alice, client_of, django_assert_num_queries
) -> None:
    browser = client_of(alice)
    asked(factories.ConversationFactory(channel=channel), "Olá")
    with django_assert_num_queries(8):
        browser.get("/api/v1/conversations/")
    for number in range(5):
        asked(factories.ConversationFactory(channel=channel), "Olá", hours_ago=number)
    with django_assert_num_queries(8):
        browser.get("/api/v1/conversations/")
