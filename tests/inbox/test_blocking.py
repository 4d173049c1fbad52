"""Blocking from the panel and by programs: nothing is sent, and a line says who did it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inbox import replies
from inbox.models import AuditEntry
from inbox.refusals import Blocked
from messaging import merging, models
from outbound import claims, courtesies
from outbound.gates import blocked as gate
from outbound.gates import refusals
from outbound.limits import rates
from outbound.places import places_of
from tests import factories
from tests.inbox.conftest import FRAGMENT
from tests.inbox.test_contacts import membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def block(open_conversation, carla, alice, client_of):
    """Alice presses the button in the panel."""

    def post(action: str = "block", **headers: str):
        fields = {"action": action, "conversation": str(open_conversation.pk)}
        return client_of(alice).post(f"/contacts/{carla.pk}/block/", fields, **headers)

    return post


def test_the_button_blocks_and_lets_in_again(block, carla, alice) -> None:
    assert block().status_code == 302
    carla.refresh_from_db()
    assert carla.blocked_at is not None
    block("unblock")
    carla.refresh_from_db()
    assert carla.blocked_at is None
    entries = AuditEntry.objects.order_by("seq").values_list("action", "subject", "actor")
    subject = f"contact:{carla.pk}"
    assert list(entries) == [
        ("block_contact", subject, alice.pk),
        ("unblock_contact", subject, alice.pk),
    ]


def test_the_same_again_writes_nothing(block) -> None:
    block()
    block()
    assert AuditEntry.objects.count() == 1
    assert models.Message.objects.filter(kind="event").count() == 1


def test_the_thread_says_so_along_with_the_panel(
    block, open_conversation, alice, client_of
) -> None:
    part = block(**FRAGMENT).content.decode()
    assert 'id="thread-blocked" hx-swap-oob="true"' in part
    assert part.count('value="unblock"') == 2
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/").content.decode()
    assert "This contact is blocked." in page


def test_a_reply_is_refused_in_one_sentence(block, open_conversation, alice, client_of) -> None:
    block()
    browser = client_of(alice)
    fields = {"text": "Bom dia", "client_message_id": "b-1"}
    address = f"/conversations/{open_conversation.pk}/reply/"
    answer = browser.post(address, fields, **FRAGMENT)
    assert answer.status_code == 422
    assert "This contact is blocked, so nothing is sent to them." in answer.content.decode()
    sent = {"conversation": open_conversation.pk, "client_message_id": "b-2", "text": "Bom dia"}
    refused = browser.post("/api/v1/messages/", sent, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (422, "blocked")
    assert not models.Message.objects.filter(direction="out").exists()


def test_whoever_was_merged_into_them_gets_nothing_either(
    open_conversation, carla, organization, alice, block
) -> None:
    root = factories.ContactFactory(organization=organization, blocked_at=timezone.now())
    merging.merge_now(carla.pk, root.pk, reason="x")
    reply = replies.Reply(client_message_id="b-3", text="Bom dia")
    with pytest.raises(Blocked):
        replies.send_reply(membership(alice), open_conversation.pk, reply)


def test_what_was_queued_before_does_not_leave(
    open_conversation, carla, alice, block, monkeypatch
) -> None:
    monkeypatch.setattr(rates, "FRESH_SECONDS", 0.0)
    reply = replies.Reply(client_message_id="b-4", text="Bom dia")
    replies.send_reply(membership(alice), open_conversation.pk, reply)
    block()
    [place] = places_of(claims.claim(limit=10).claims)
    [refusal] = refusals([place]).values()
    assert (refusal.code, refusal.waits) == (gate.CODE, False)


def test_programs_block_and_read_that_they_did(carla, open_conversation, alice, client_of) -> None:
    browser, address = client_of(alice), f"/api/v1/contacts/{carla.pk}/"
    assert browser.get(address).json()["blocked"] is False
    for slash in ("", "/"):
        assert browser.post(f"{address}block{slash}").json()["blocked"] is True
    assert browser.get(address).json()["blocked"] is True
    assert browser.post(f"{address}unblock/").json()["blocked"] is False


def test_no_receipt_is_told_to_somebody_blocked(block, open_conversation, channel) -> None:
    models.Channel.objects.update(read_receipts="on_open", typing_indicator="on_open")
    before = courtesies._where([open_conversation.pk], read_receipts="on_open")
    block()
    told = courtesies._where([open_conversation.pk], read_receipts="on_open")
    assert (before, told) == ([open_conversation.pk], [])
