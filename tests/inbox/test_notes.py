"""Internal notes: nothing stands against one, no customer gets one, and who is named is told."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from inbox import mentions, notes
from inbox.models import Draft, Mention
from locking import leases
from messaging import models
from outbound.models import OutboxEntry
from tests import factories
from tests.inbox.conftest import FRAGMENT, asked
from tests.inbox.test_api import Api
from tests.outbound.news import together

pytestmark = pytest.mark.django_db


def note(browser, conversation: models.Conversation, text: str, key: str = "n1", **headers):
    fields = {"text": text, "client_message_id": key}
    return browser.post(f"/conversations/{conversation.pk}/note/", fields, **headers)


def test_a_note_is_kept_though_window_lease_and_news_stand_against_a_reply(
    open_conversation, alice, bob, client_of
) -> None:
    open_conversation.window_expires_at = timezone.now() - timedelta(hours=1)
    open_conversation.save()
    leases.acquire(f"conversation:{open_conversation.pk}", holder=bob)
    asked(open_conversation, "Ainda mais uma coisa.", hours_ago=30)
    answer = note(client_of(alice), open_conversation, "Kitchen says yes.", **FRAGMENT)
    assert answer.status_code == 201
    assert 'data-kind="note"' in answer.content.decode()
    kept = models.Message.objects.get(kind="note")
    assert (kept.direction, kept.author, kept.status) == ("internal", alice, "received")
    assert not OutboxEntry.objects.exists()


def test_without_a_script_a_note_redirects_and_an_empty_one_keeps_its_tab(
    open_conversation, alice, client_of
) -> None:
    browser = client_of(alice)
    assert note(browser, open_conversation, "Calls back.").status_code == 302
    refused = note(browser, open_conversation, "  ", key="n2")
    assert refused.status_code == 422
    assert 'data-mode="note"' in refused.content.decode()
    assert models.Message.objects.filter(kind="note").count() == 1


def test_the_same_note_twice_is_one_and_another_text_is_refused(
    open_conversation, alice, client_of
) -> None:
    browser = client_of(alice)
    first, again, other = (
        note(browser, open_conversation, text, **FRAGMENT) for text in ("One", "One", "Two")
    )
    assert [first.status_code, again.status_code, other.status_code] == [201, 201, 409]
    assert models.Message.objects.filter(kind="note").count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_deliveries_at_once_one_note_is_made(open_conversation, alice) -> None:
    membership = models.Membership.objects.select_related("user").get(user=alice)
    given = notes.Note(client_message_id="same", text="Once")
    add = partial(notes.add, membership, open_conversation.pk, given)
    results: list[Any] = list(together(add, add))
    assert len({message.pk for message, _created in results}) == 1
    assert sorted(created for _message, created in results) == [False, True]
    assert models.Message.objects.filter(kind="note").count() == 1


def test_who_is_named_has_a_mention_until_they_open_the_conversation(
    open_conversation, alice, bob, client_of
) -> None:
    note(client_of(alice), open_conversation, "@bob fernandes and @Alice Moreau: yours?")
    mention = Mention.objects.get()
    assert (mention.user, mention.seen_at) == (bob, None)
    named = models.Message.objects.get(kind="note").content["mentions"]
    assert [each["name"] for each in named] == ["Bob Fernandes", "Alice Moreau"]
    client_of(alice).get(f"/conversations/{open_conversation.pk}/")
    assert Mention.objects.filter(seen_at=None).exists()
    client_of(bob).get(f"/conversations/{open_conversation.pk}/")
    assert not Mention.objects.filter(seen_at=None).exists()


def test_nobody_is_named_who_does_not_see_the_conversation(
    open_conversation, alice, bob, mallory, client_of
) -> None:
    models.Membership.objects.filter(user=bob).update(sees_all_channels=False)
    note(client_of(alice), open_conversation, "@Bob Fernandes @Mallory, mail x@Bob Fernandes")
    assert not Mention.objects.exists()
    answer = client_of(alice).get(f"/conversations/{open_conversation.pk}/people/")
    assert answer.json() == {"results": []}
    assert (
        client_of(mallory).get(f"/conversations/{open_conversation.pk}/people/").status_code == 404
    )


def test_of_two_people_of_one_name_the_chosen_one_is_meant() -> None:
    people = [models.User(pk=pk, name="Ana Lima", email=f"{pk}@x.org") for pk in (1, 2)]
    text = "@Ana Lima, please"
    assert [each.id for each in mentions.named_in(text, people, [2])] == [2]
    assert [each.id for each in mentions.named_in(text, people)] == [1, 2]
    longer = models.User(pk=3, name="Ana", email="3@x.org")
    assert [each.id for each in mentions.named_in(text, [longer, people[0]])] == [1]


def test_a_program_writes_notes_too_and_they_clear_no_draft(open_conversation, alice) -> None:
    Draft.objects.create(user=alice, conversation=open_conversation, mode="note", text="Half")
    body = {"conversation": open_conversation.pk, "client_message_id": "p", "kind": "note"}
    answer = Api(alice.email).post("messages/", {**body, "text": "From the shop system"})
    assert (answer.status_code, answer.json()["direction"]) == (201, "internal")
    assert Draft.objects.get().text == "Half"
    elsewhere = {"channel": open_conversation.channel_id, "to": {"kind": "phone", "value": "351"}}
    refused = Api(alice.email).post(
        "messages/", {**elsewhere, "client_message_id": "q", "kind": "note", "text": "x"}
    )
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["conversation"])


def test_who_only_reads_writes_no_notes(open_conversation, client_of, organization) -> None:
    auditor = factories.UserFactory()
    factories.MembershipFactory(organization=organization, user=auditor, role=models.Role.AUDITOR)
    assert note(client_of(auditor), open_conversation, "Hm", **FRAGMENT).status_code == 403
    assert not models.Message.objects.filter(kind="note").exists()
