"""Answering for a message: who may, by which door, and what is written about it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.sites import site
from django.db.models.functions import Now
from django.test import Client

from inbox import audit
from inbox.models import AuditEntry
from messaging.models import Conversation, Membership, Message, Role, User
from outbound.models import Lane, OutboxEntry, SendAttempt
from tests import factories
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_api import Api

pytestmark = pytest.mark.django_db
BUTTONS = {
    "needs_review": ["send_again", "mark_sent", "discard"],
    "failed": ["send_again", "discard"],
}


def left(conversation: Conversation, author: User, *, status: str, attempt: str) -> Message:
    """A message of ours with its entry, in a state that ended."""
    message: Message = factories.MessageFactory(
        conversation=conversation,
        direction="out",
        author_type="agent",
        author=author,
        provider_id=None,
        status=status,
        error_code="unconfirmed",
    )
    entry = OutboxEntry.objects.create(
        organization=message.organization,
        channel=message.channel,
        conversation=conversation,
        message=message,
        state=status,
        finished_at=Now(),
    )
    Lane.objects.get_or_create(
        conversation=conversation, organization=message.organization, channel=message.channel
    )
    SendAttempt.objects.create(
        entry=entry,
        channel=message.channel,
        attempt_id=uuid4(),
        token=1,
        state=attempt,
        dispatched_at=Now(),
    )
    return message


@pytest.fixture
def doubted(open_conversation, alice) -> Message:
    """A message of Alice's that nobody knows of."""
    return left(open_conversation, alice, status="needs_review", attempt="unknown")


@pytest.fixture
def refused(open_conversation, alice) -> Message:
    return left(open_conversation, alice, status="failed", attempt="rejected")


def press(client: Client, message: Message, action: str, **headers: Any) -> Any:
    return client.post(f"/messages/{message.pk}/review/", {"action": action}, **headers)


@pytest.mark.parametrize(
    ("action", "status"),
    [("send_again", "pending"), ("mark_sent", "accepted"), ("discard", "discarded")],
)
def test_a_press_answers_with_the_bubble_as_it_is_now(
    doubted, bob, client_of, action, status
) -> None:
    answer = press(client_of(bob), doubted, action, **FRAGMENT)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert f'id="message-{doubted.pk}"' in html
    assert f'data-status="{status}"' in html
    assert not any(f'value="{each}"' in html for each in BUTTONS["needs_review"])
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.subject) == (bob, f"message:{doubted.pk}")
    assert entry.details["was"] == "needs_review"
    assert audit.first_broken(doubted.organization_id) is None


def test_a_second_press_changes_nothing_and_says_so(doubted, alice, client_of) -> None:
    client = client_of(alice)
    press(client, doubted, "discard", **FRAGMENT)
    doubted.refresh_from_db()
    before = doubted.changed_seq
    answer = press(client, doubted, "discard", **FRAGMENT)
    assert answer.status_code == 409
    assert "settled already" in answer.content.decode()
    doubted.refresh_from_db()
    assert doubted.changed_seq == before
    assert AuditEntry.objects.count() == 1


def test_without_javascript_it_ends_in_the_conversation(doubted, alice, client_of) -> None:
    answer = press(client_of(alice), doubted, "mark_sent")
    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/conversations/{doubted.conversation_id}/",
    )
    again = press(client_of(alice), doubted, "mark_sent")
    assert again.status_code == 302


@pytest.mark.parametrize("kind", ["doubted", "refused"])
def test_the_bubble_offers_what_may_be_decided(kind, request, shown) -> None:
    message = request.getfixturevalue(kind)
    html = shown(message)
    wanted = BUTTONS[message.status]
    assert [a for a in ("send_again", "mark_sent", "discard") if f'value="{a}"' in html] == wanted
    assert f'action="/messages/{message.pk}/review/"' in html


def test_a_failure_that_was_outlived_offers_nothing(refused, shown) -> None:
    OutboxEntry.objects.update(state="accepted")
    assert 'class="review"' not in shown(refused)


def test_an_auditor_reads_and_decides_nothing(doubted, alice, client_of, shown) -> None:
    Membership.objects.filter(user=alice).update(role=Role.AUDITOR)
    assert 'class="review"' not in shown(doubted)
    assert press(client_of(alice), doubted, "discard", **FRAGMENT).status_code == 403
    answer = Api(alice.email).post(f"messages/{doubted.pk}/review/", {"action": "discard"})
    assert (answer.status_code, answer.json()["code"]) == (403, "read_only")
    doubted.refresh_from_db()
    assert doubted.status == "needs_review"


def test_others_find_nothing_to_decide(doubted, mallory, client_of) -> None:
    assert press(client_of(mallory), doubted, "discard", **FRAGMENT).status_code == 404
    answer = Api(mallory.email).post(f"messages/{doubted.pk}/review/", {"action": "discard"})
    missing = Api(mallory.email).post("messages/999999/review/", {"action": "discard"})
    assert (answer.status_code, answer.content) == (404, missing.content)
    doubted.refresh_from_db()
    assert doubted.status == "needs_review"


@pytest.mark.parametrize("action", ["", "resend", "SEND_AGAIN"])
def test_other_words_are_no_answers(doubted, alice, client_of, action) -> None:
    assert press(client_of(alice), doubted, action, **FRAGMENT).status_code == 400
    answer = Api(alice.email).post(f"messages/{doubted.pk}/review/", {"action": action})
    assert answer.status_code == 422
    assert "action" in answer.json()["errors"]


def test_the_api_gives_the_message_and_then_nothing_to_decide(doubted, alice) -> None:
    api = Api(alice.email)
    answer = api.post(f"messages/{doubted.pk}/review/", {"action": "mark_sent"})
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    again = api.post(f"messages/{doubted.pk}/review/", {"action": "discard"})
    assert again.status_code == 409
    assert again.json() == {"code": "not_open", "state": "accepted"}


def test_a_customers_message_is_nothing_to_decide(open_conversation, alice) -> None:
    message = Message.objects.get(conversation=open_conversation)
    answer = Api(alice.email).post(f"messages/{message.pk}/review/", {"action": "discard"})
    assert (answer.status_code, answer.json()) == (409, {"code": "not_open", "state": None})


def test_the_bubble_says_that_it_left_twice(doubted, shown) -> None:
    assert "delivered this twice" not in shown(doubted)
    OutboxEntry.objects.update(sent_twice_at=Now())
    assert "delivered this twice" in shown(doubted)


def test_an_echo_that_was_another_message_is_gone(open_conversation, say, alice, client_of) -> None:
    message, echo = say(text="the one"), say(text="its echo")
    Message.objects.filter(pk=echo.pk).update(duplicate_of=message, changed_seq=99)
    client = client_of(alice)
    page = client.get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert f'id="message-{echo.pk}"' not in page
    address = f"/conversations/{open_conversation.pk}/messages/?after=98"
    pulled = client.get(address, **FRAGMENT).content.decode()
    assert f'id="message-{echo.pk}"' in pulled
    assert "its echo" not in pulled
    rows = Api(alice.email).get(f"conversations/{open_conversation.pk}/messages/?after=98").json()
    assert [(row["id"], row["deleted"]) for row in rows["results"]] == [(echo.pk, True)]
    pages = Api(alice.email).get(f"conversations/{open_conversation.pk}/messages/?before=").json()
    assert echo.pk not in {row["id"] for row in pages["results"]}


@pytest.fixture
def operator(client) -> Client:
    user = factories.UserFactory(email="operator@example.com")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client.force_login(User.objects.get(pk=user.pk))
    return client


def test_operators_decide_in_the_admin_site(doubted, refused, operator) -> None:
    entries = list(OutboxEntry.objects.values_list("pk", flat=True))
    address = "/admin/outbound/outboxentry/"
    assert operator.get(f"{address}?q={doubted.pk}&state__exact=needs_review").status_code == 200
    assert operator.get(f"{address}{entries[0]}/change/").status_code == 200
    data = {"action": "mark_sent", "_selected_action": entries}
    answer = operator.post(address, data, follow=True)
    assert "1 messages were open" in answer.content.decode()
    doubted.refresh_from_db()
    assert doubted.status == "accepted"
    assert AuditEntry.objects.get().actor.email == "operator@example.com"


def test_nobody_edits_entries_by_hand(operator, rf) -> None:
    model: Any = site.get_model_admin(OutboxEntry)
    request = rf.get("/")
    request.user = User.objects.get(email="operator@example.com")
    assert not model.has_change_permission(request)
    assert not model.has_delete_permission(request)
    assert model.has_decide_permission(request)
