"""`dlq/`: who may read what could not be done, and have it tried again."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from messaging.models import Channel, DeadLetter, InboundItem, Membership, Message, Role
from tests import factories
from tests.inbox.test_api import Api
from tests.messaging import bodies
from tests.messaging.conftest import deliver, drain_all
from tests.messaging.poison import POISON, poisonous

pytestmark = pytest.mark.django_db
SHAPE = {
    "id", "source", "code", "reason", "attempts", "first_at", "last_at", "state", "payload",
}  # fmt: skip


def api_of(user: Any, role: str) -> Api:
    Membership.objects.filter(user=user).update(role=role)
    return Api(user.email)


@pytest.fixture
def letters(connection, channel, monkeypatch) -> list[DeadLetter]:
    """A malformed delivery and an item that could not be applied then."""
    Channel.objects.filter(pk=channel.pk).update(external_id=bodies.NUMBER_ID)
    with poisonous(monkeypatch):
        deliver(connection, b'{"entry": ["x"]}')
        deliver(connection, bodies.body([bodies.text("wamid.1", body=POISON)]))
        drain_all(connection)
    DeadLetter.objects.update(state="failed", due_at=None)
    return list(DeadLetter.objects.order_by("pk"))


def ids(answer: Any) -> set[int]:
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


def test_the_list_and_its_shape(letters, alice) -> None:
    api = api_of(alice, Role.OWNER)
    page = api.get("dlq/").json()
    assert set(page) == {"next", "results"}
    assert page["next"] is None
    found = {row["id"]: row for row in page["results"]}
    assert set(found) == {letter.pk for letter in letters}
    row = found[letters[1].pk]
    assert set(row) == SHAPE
    assert (row["source"], row["code"], row["state"], row["attempts"]) == (
        "inbound", "DataError", "failed", 1,
    )  # fmt: skip
    assert row["payload"]["provider_id"] == "wamid.1"
    assert row["first_at"].endswith("Z")


def test_filters(letters, channel, alice) -> None:
    api, (malformed, poison) = api_of(alice, Role.ADMIN), [letter.pk for letter in letters]
    assert ids(api.get("dlq?source=inbound")) == {malformed, poison}
    assert ids(api.get("dlq?source=outbound")) == set()
    assert ids(api.get("outbound-messages/dlq/")) == set()
    assert ids(api.get(f"dlq?channel={channel.pk}")) == {poison}
    assert ids(api.get("dlq?code=malformed")) == {malformed}
    assert ids(api.get("dlq?state=resolved")) == set()
    for wrong in ("source=elsewhere", "state=gone", "channel=x", "before=x", "code=%00"):
        assert api.get(f"dlq?{wrong}").status_code == 422, wrong


def test_pages_hold_every_letter_once(letters, organization, alice) -> None:
    now = timezone.now()
    DeadLetter.objects.bulk_create(
        DeadLetter(
            organization=organization, source="outbound", code="x", reason="x",
            first_at=now, last_at=now,
        )
        for _ in range(5)
    )  # fmt: skip
    api, found = api_of(alice, Role.OWNER), []
    path: str | None = "dlq/?limit=3"
    while path:
        page = api.get(path.removeprefix("http://testserver/api/v1/")).json()
        found += [row["id"] for row in page["results"]]
        path = page["next"]
    assert sorted(found) == sorted(DeadLetter.objects.values_list("pk", flat=True))
    assert len(ids(api.get("outbound-messages/dlq"))) == 5


def test_a_retry_by_ids_is_done_at_once(letters, alice) -> None:
    api, body = api_of(alice, Role.ADMIN), {"ids": [letters[1].pk]}
    assert api.post("dlq/retry/", body).json() == {"retried": 1}
    assert Message.objects.get().text == POISON
    assert api.post("dlq/retry", body).json() == {"retried": 0}
    assert Message.objects.count() == 1
    assert InboundItem.objects.get(key="wamid.1").outcome == "applied"


def test_a_retry_of_all_that_fits(letters, alice) -> None:
    api = api_of(alice, Role.OWNER)
    body = {"retry_all": True, "code": "malformed", "source": "inbound"}
    assert api.post("dlq/retry/", body).json() == {"retried": 1}
    assert api.post("dlq/retry/", {"retry_all": True}).json() == {"retried": 2}
    assert DeadLetter.objects.get(pk=letters[1].pk).state == "resolved"


@pytest.mark.parametrize(
    "body", [{}, {"ids": []}, {"ids": ["x"]}, {"ids": [0]}, {"ids": [1], "retry_all": True},
             {"retry_all": True, "source": "elsewhere"}],
)  # fmt: skip
def test_a_retry_of_nothing_in_particular_is_refused(body, letters, alice) -> None:
    assert api_of(alice, Role.OWNER).post("dlq/retry/", body).status_code == 422
    assert set(DeadLetter.objects.values_list("state", flat=True)) == {"failed"}


@pytest.mark.parametrize(
    ("role", "reads", "retries"),
    [("owner", 200, 200), ("admin", 200, 200), ("supervisor", 200, 403), ("agent", 403, 403),
     ("auditor", 403, 403)],
)  # fmt: skip
def test_roles(role, reads, retries, letters, alice) -> None:
    api = api_of(alice, role)
    for path in ("dlq/", "dlq", "outbound-messages/dlq/", "outbound-messages/dlq"):
        assert api.get(path).status_code == reads
    assert api.post("dlq/retry/", {"retry_all": True}).status_code == retries


def test_another_organisations_letters_are_neither_seen_nor_retried(letters, mallory) -> None:
    api = Api("mallory@example.com")
    assert ids(api.get("dlq/")) == set()
    body = {"ids": [letter.pk for letter in letters]}
    assert api.post("dlq/retry/", body).json() == {"retried": 0}
    assert api.post("dlq/retry/", {"retry_all": True}).json() == {"retried": 0}
    assert set(DeadLetter.objects.values_list("attempts", flat=True)) == {1}


def test_a_supervisor_sees_letters_of_their_channels(letters, channel, alice) -> None:
    api = api_of(alice, Role.SUPERVISOR)
    place = Membership.objects.get(user=alice)
    place.sees_all_channels = False
    place.save()
    assert ids(api.get("dlq/")) == set()
    place.channels.add(channel)
    assert ids(api.get("dlq/")) == {letters[1].pk}


def test_strangers_are_401(client, letters) -> None:
    assert client.get("/api/v1/dlq/").status_code == 401
    assert client.post("/api/v1/dlq/retry/").status_code == 401


def test_the_schema_knows_them(alice) -> None:
    paths = Api(alice.email).get("schema/").json()["paths"]
    assert set(paths["/api/v1/dlq/"]) == {"get"}
    assert set(paths["/api/v1/dlq/retry/"]) == {"post"}
    assert set(paths["/api/v1/outbound-messages/dlq/"]) == {"get"}


def test_the_admin_retries_and_discards(letters, client_of) -> None:
    operator = factories.UserFactory(is_staff=True, is_superuser=True)
    browser, address = client_of(operator), "/admin/messaging/deadletter/"
    page = browser.get(f"{address}{letters[1].pk}/change/").content.decode()
    assert "wamid.1" in page
    assert f"/admin/messaging/inboundevent/{letters[1].event_id}/change/" in page
    assert browser.get(f"/admin/messaging/inboundevent/{letters[0].event_id}/change/")
    for action, letter in (("retry", letters[1]), ("discard", letters[0])):
        chosen = {"action": action, "_selected_action": [letter.pk]}
        assert browser.post(address, chosen).status_code == 302
    assert list(DeadLetter.objects.order_by("pk").values_list("state", "closed_by")) == [
        ("discarded", operator.pk), ("resolved", None),
    ]  # fmt: skip
