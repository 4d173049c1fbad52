"""Writing first: contact and conversation come with the message, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from inbox import starting
from inbox.refusals import ConsentNeeded, WindowClosed
from inbox.replies import Reply
from inbox.starting import Start
from messaging import merging, models
from outbound import consents
from outbound.models import OutboxEntry
from tests import factories
from tests.inbox.templates import agreed, approved, asked
from tests.inbox.test_api import Api
from tests.messaging.conftest import at_once

pytestmark = pytest.mark.django_db
NEW = "351910000777"


@pytest.fixture
def api(alice) -> Api:
    return Api("alice@example.com")


@pytest.fixture
def free(monkeypatch):
    """Everybody agreed to everything."""
    monkeypatch.setattr(consents, "judge", lambda wanted: [""] * len(wanted))


def body(channel, value: str = NEW, *, kind: str = "phone", **fields: Any) -> dict[str, Any]:
    return {
        "channel": channel.pk,
        "to": {"kind": kind, "value": value},
        "client_message_id": "first",
        **({"template": asked()} | fields),
    }


def counts() -> tuple[int, ...]:
    rows = (models.Contact, models.ContactIdentity, models.Conversation, models.Message)
    return tuple(row.objects.count() for row in rows)


def test_contact_and_conversation_come_with_the_message(api, channel, free) -> None:
    approved(channel.connection)
    answer = api.post("messages/", body(channel, "+351 910 000 777"))
    assert answer.status_code == 201, answer.json()
    conversation = models.Conversation.objects.get(pk=answer.json()["conversation"])
    identity = conversation.contact.identities.get()
    assert (identity.kind, identity.value, identity.scope) == ("phone", NEW, "")
    assert (conversation.state, conversation.changed_seq > 0) == ("open", True)
    assert OutboxEntry.objects.get().conversation == conversation
    again = api.post("messages/", body(channel))
    assert (again.status_code, again.json()) == (200, answer.json())
    assert counts() == (1, 1, 1, 1)


def test_nothing_remains_of_what_is_refused(api, channel) -> None:
    approved(channel.connection)
    missing = api.post("messages/", body(channel))
    assert (missing.status_code, missing.json()["code"]) == (422, "consent_missing")
    text = body(channel, template=None, text="Olá")
    closed = api.post("messages/", text)
    assert (closed.status_code, closed.json()["code"]) == (422, "window_closed")
    wrong = api.post("messages/", body(channel, template={**asked(), "name": "other"}))
    assert wrong.json()["code"] == "template_missing"
    assert counts() == (0, 0, 0, 0)


def test_whoever_is_known_is_found_however_written(api, channel, conversation, carla) -> None:
    agreed(carla)
    approved(channel.connection)
    answer = api.post("messages/", body(channel, "00351 910-000-042"))
    assert answer.json()["conversation"] == conversation.pk
    brazil = factories.ContactFactory(organization=carla.organization)
    factories.ContactIdentityFactory(
        contact=brazil, value="554188887777", canonical_key="554188887777"
    )
    begun = api.post("conversations/", {"channel": channel.pk, **_to("5541988887777")})
    assert begun.json()["contact"]["id"] == brazil.pk


def _to(value: str, kind: str = "phone") -> dict[str, Any]:
    return {"to": {"kind": kind, "value": value}}


def test_a_conversation_begins_without_a_message_and_once(api, channel) -> None:
    ask = {"channel": channel.pk, **_to(NEW)}
    first, again = api.post("conversations/", ask), api.post("conversations/", ask)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert first.json()["contact"]["identities"] == [{"kind": "phone", "value": NEW}]
    listed = api.get("conversations/?changed_after=0").json()["results"]
    assert [each["id"] for each in listed] == [first.json()["id"]]


def test_a_merged_person_is_written_to_where_it_goes_on(api, channel, conversation, carla) -> None:
    root = factories.ContactFactory(organization=carla.organization)
    merging.merge_now(carla.pk, root.pk, reason="")
    begun = api.post("conversations/", {"channel": channel.pk, **_to("351910000042")})
    assert (begun.status_code, begun.json()["id"]) == (200, conversation.pk)


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        *(("phone", value, "to.value") for value in ("", "x", "12", "+35", "9" * 40, "+999123456")),
        *(("bsuid", value, "to.value") for value in ("351910000042", "PT", "PT.é", "PT.1 2")),
        *((kind, NEW, "to.kind") for kind in ("username", "lid", "group", "other", "nonsense")),
    ],
)
def test_addresses_that_cannot_be_are_named(api, channel, free, kind, value, field) -> None:
    approved(channel.connection)
    answer = api.post("messages/", body(channel, value, kind=kind))
    assert answer.status_code == 422
    assert field in answer.json()["errors"] or "to" in answer.json()["errors"]
    assert counts() == (0, 0, 0, 0)


def test_a_bsuid_belongs_to_its_connection(api, channel, organization) -> None:
    ask = {"channel": channel.pk, **_to("PT.9031184622", "bsuid")}
    first = api.post("conversations/", ask).json()
    other = factories.ChannelFactory(
        connection=factories.ConnectionFactory(organization=organization)
    )
    second = api.post("conversations/", {**ask, "channel": other.pk}).json()
    assert first["contact"]["id"] != second["contact"]["id"]


@pytest.mark.parametrize("place", [{}, {"channel": 1}, {"conversation": 1, "channel": 1}])
def test_a_message_needs_one_place(api, place) -> None:
    answer = api.post("messages/", {**place, "client_message_id": "x", "text": "Olá"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["conversation"])


def test_only_through_channels_one_sees(api, channel, alice, mallory, free) -> None:
    approved(channel.connection)
    assert Api("mallory@example.com").post("messages/", body(channel)).status_code == 404
    place = alice.memberships.get()
    place.sees_all_channels = False
    place.save()
    assert api.post("messages/", body(channel)).status_code == 404
    assert api.post("conversations/", {"channel": channel.pk, **_to(NEW)}).status_code == 404
    place.channels.add(channel)
    assert api.post("messages/", body(channel)).status_code == 201


def test_a_conversation_of_another_team_stays_theirs(
    api, channel, conversation, alice, free
) -> None:
    approved(channel.connection)
    team = models.Team.objects.create(organization=channel.organization, name="Accounts")
    models.Conversation.objects.update(team=team)
    alice.memberships.update(sees_all_teams=False)
    ask = {"channel": channel.pk, **_to("351910000042")}
    assert api.post("conversations/", ask).status_code == 404
    assert api.post("messages/", body(channel, "351910000042")).status_code == 404
    assert not models.Message.objects.exists()


def test_auditors_begin_nothing(api, channel, alice) -> None:
    alice.memberships.update(role="auditor")
    ask = {"channel": channel.pk, **_to(NEW)}
    assert api.post("conversations/", ask).status_code == 403
    assert counts() == (0, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_contact_and_one_conversation(channel, alice, free) -> None:
    approved(channel.connection)
    membership = models.Membership.objects.select_related("user").get(user=alice)
    start = Start(channel=channel.pk, kind="phone", value=NEW)

    def write(number: int):
        content = {"template": asked()}
        reply = Reply(client_message_id=f"id-{number}", kind="template", content=content)
        return lambda: starting.send_first(membership, start, reply)

    at_once(*[write(number) for number in range(20)])
    assert counts() == (1, 1, 1, 20)
    assert OutboxEntry.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_who_is_refused_takes_nothing_from_who_is_not(channel, alice, monkeypatch) -> None:
    approved(channel.connection)
    membership = models.Membership.objects.select_related("user").get(user=alice)
    start = Start(channel=channel.pk, kind="phone", value=NEW)
    template = Reply(client_message_id="t", kind="template", content={"template": asked()})
    monkeypatch.setattr(consents, "judge", lambda wanted: [""] * len(wanted))

    def refused() -> None:
        reply = Reply(client_message_id="text", text="Olá")
        with pytest.raises((WindowClosed, ConsentNeeded)):
            starting.send_first(membership, start, reply)

    def sent() -> None:
        starting.send_first(membership, start, template)

    at_once(*[refused] * 5, sent, *[refused] * 5)
    assert counts() == (1, 1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_who_begin_with_somebody_known_share_one_conversation(channel, carla, alice) -> None:
    membership = models.Membership.objects.select_related("user").get(user=alice)
    start = Start(channel=channel.pk, kind="phone", value="351910000042")
    begun: list[bool] = []
    at_once(*[lambda: begun.append(starting.begin(membership, start)[1])] * 12)
    assert sorted(begun) == [False] * 11 + [True]
    assert models.Conversation.objects.get().contact == carla
