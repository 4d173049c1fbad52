"""Leases where replies are sent: over the API, through the composer's form, and in races."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from threading import Barrier

import pytest
from django.db import connection

from inbox import leasing, realtime, replies
from inbox.models import AuditEntry
from inbox.refusals import Unseen
from locking import leases
from locking.errors import LeaseHeld
from locking.models import Lease
from messaging import models
from tests import factories
from tests.inbox.conftest import FRAGMENT, answered

RACERS = 50
pytestmark = pytest.mark.django_db


def membership_of(user: models.User) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=user)


def send(user: models.User, conversation: models.Conversation, text: str, **fields):
    reply = replies.Reply(text=text, client_message_id=f"t-{text}", **fields)
    return replies.send_reply(membership_of(user), conversation.pk, reply)[0]


def held_by(user: models.User, conversation: models.Conversation) -> Lease:
    return leases.acquire(leasing.resource_of(conversation.pk), holder=user)


@pytest.fixture
def told(monkeypatch) -> list[dict]:
    frames: list[dict] = []
    monkeypatch.setattr(realtime, "push", lambda group, frame: frames.append(frame))
    return frames


def test_a_reply_gives_its_authors_lease_back(
    open_conversation, alice, told, django_capture_on_commit_callbacks
) -> None:
    lease = held_by(alice, open_conversation)
    with django_capture_on_commit_callbacks(execute=True):
        send(alice, open_conversation, "Sim", lease_token=lease.token)
    assert not Lease.objects.exists()
    [changed] = [frame for frame in told if frame["type"] == "lease.changed"]
    assert (changed["holder"], changed["former"]) == (None, alice.pk)


def test_a_reply_of_a_program_leaves_the_lease_of_its_author(open_conversation, alice) -> None:
    lease = held_by(alice, open_conversation)
    send(alice, open_conversation, "Sim")
    send(alice, open_conversation, "Não", lease_token=lease.token + 1)
    assert Lease.objects.get().token == lease.token


def test_a_token_of_ones_own_does_not_open_somebody_elses_lease(
    open_conversation, alice, bob
) -> None:
    mine = held_by(alice, open_conversation)
    leases.take_over(leasing.resource_of(open_conversation.pk), holder=bob)
    with pytest.raises(LeaseHeld) as refused:
        send(alice, open_conversation, "Sim", lease_token=mine.token)
    assert refused.value.by == bob


def test_take_over_and_send_does_both_and_tells(
    open_conversation, alice, bob, told, django_capture_on_commit_callbacks
) -> None:
    held_by(bob, open_conversation)
    with django_capture_on_commit_callbacks(execute=True):
        send(alice, open_conversation, "Sim", seen_seq=1, override=frozenset({"takeover"}))
    kinds = list(open_conversation.messages.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["text", "event", "text"]
    assert AuditEntry.objects.get().details == {"former_holder": bob.pk}
    changed = [frame for frame in told if frame["type"] == "lease.changed"]
    assert [(frame["holder"] or {}).get("id") for frame in changed] == [alice.pk, None]
    assert changed[0]["former"] == bob.pk
    assert not Lease.objects.exists()


def test_take_over_and_send_that_is_refused_takes_nothing(open_conversation, alice, bob) -> None:
    lease = held_by(bob, open_conversation)
    answered(open_conversation, bob, "Já vou!")
    takeover = frozenset({"takeover"})
    with pytest.raises(Unseen):
        send(alice, open_conversation, "Sim", seen_seq=1, override=takeover)
    assert Lease.objects.get().token == lease.token
    assert not AuditEntry.objects.exists()
    assert send(alice, open_conversation, "Sim", seen_seq=1, override=takeover | {"unseen"})


def test_a_line_on_what_was_done_is_nothing_unseen(open_conversation, alice, bob) -> None:
    held_by(bob, open_conversation)
    lease = leasing.take_over(membership_of(alice), open_conversation.pk)
    leases.release(leasing.resource_of(open_conversation.pk), holder=alice, token=lease.token)
    assert send(bob, open_conversation, "Sim", seen_seq=1)


def test_a_held_reply_is_answered_with_the_way_out(
    open_conversation, alice, bob, client_of
) -> None:
    held_by(bob, open_conversation)
    url = f"/conversations/{open_conversation.pk}/reply/"
    form = {"text": "Sim <3", "client_message_id": "h-1", "seen_seq": 1}
    strip = client_of(alice).post(url, form, **FRAGMENT)
    assert strip.status_code == 409
    assert "Bob Fernandes is replying here" in strip.content.decode()
    assert 'name="override" value="takeover"' in strip.content.decode()
    page = client_of(alice).post(url, form)
    assert page.status_code == 409
    assert "Sim &lt;3</textarea>" in page.content.decode()
    assert 'value="takeover"' in page.content.decode()
    sent = client_of(alice).post(url, {**form, "override": "takeover"})
    assert sent.status_code == 302
    assert open_conversation.messages.filter(text="Sim <3").exists()


def test_what_was_overridden_once_stays_so(open_conversation, alice, bob, client_of) -> None:
    held_by(bob, open_conversation)
    answered(open_conversation, bob, "Já vou!")
    url = f"/conversations/{open_conversation.pk}/reply/"
    form = {"text": "Sim", "client_message_id": "h-2", "seen_seq": 1}
    guard = client_of(alice).post(url, {**form, "override": "takeover"}, **FRAGMENT)
    assert 'name="override" value="unseen takeover"' in guard.content.decode()
    assert client_of(alice).post(url, {**form, "override": "unseen takeover"}).status_code == 302


def test_the_page_says_who_holds_it_and_takes_over_without_javascript(
    open_conversation, alice, bob, client_of
) -> None:
    held_by(bob, open_conversation)
    browser, url = client_of(alice), f"/conversations/{open_conversation.pk}/"
    page = browser.get(url).content.decode()
    assert "Bob Fernandes is replying here." in page
    assert f'action="{url}takeover/"' in page
    assert browser.post(f"{url}takeover/").url == url
    assert Lease.objects.get().holder == alice
    page = browser.get(url).content.decode()
    assert "data-locked" not in page
    assert f'name="lease_token" value="{Lease.objects.get().token}"' in page


def test_a_browser_without_a_socket_asks_over_http(open_conversation, alice, bob, client_of):
    mine, theirs = client_of(alice), client_of(bob)
    url = f"/conversations/{open_conversation.pk}"
    held = mine.post(f"{url}/lock/", **FRAGMENT).json()
    assert held["type"] == "lease"
    refused = theirs.post(f"{url}/lock/", **FRAGMENT)
    assert (refused.status_code, refused.json()["held_by"]["id"]) == (409, alice.pk)
    assert theirs.get(f"{url}/lease/").json()["holder"]["id"] == alice.pk
    token = {"lease_token": held["lease_token"]}
    assert mine.post(f"{url}/heartbeat/", token, **FRAGMENT).json()["until"] > held["until"]
    assert mine.post(f"{url}/unlock/", token, **FRAGMENT).json()["lease_token"] is None
    lost = mine.post(f"{url}/heartbeat/", token, **FRAGMENT)
    assert (lost.status_code, lost.json()["code"]) == (409, "lost")
    assert theirs.get(f"{url}/lease/").json()["holder"] is None


def test_strangers_and_readers_get_no_lease(open_conversation, bob, mallory, client_of) -> None:
    url = f"/conversations/{open_conversation.pk}"
    assert client_of(mallory).post(f"{url}/lock/", **FRAGMENT).status_code == 404
    assert client_of(mallory).get(f"{url}/lease/").status_code == 404
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    assert client_of(bob).post(f"{url}/lock/", **FRAGMENT).status_code == 403
    assert not Lease.objects.exists()


# --- races ---------------------------------------------------------------------------------------


def together(calls):
    """Run every call on a connection of its own, all released by one barrier."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return call()
        except (LeaseHeld, Unseen) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


@pytest.fixture
def team_of_fifty(open_conversation, monkeypatch) -> list[models.Membership]:
    monkeypatch.setattr(leasing, "_spread", lambda frame: None)
    places = [
        factories.MembershipFactory(
            organization=open_conversation.organization, user=factories.UserFactory()
        )
        for _ in range(RACERS)
    ]
    return [membership_of(place.user) for place in places]


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_lock_at_once_one_wins(open_conversation, team_of_fifty) -> None:
    asks = [partial(leasing.lock, place, open_conversation.pk) for place in team_of_fifty]
    answers = together(asks)
    [won] = [answer for answer in answers if isinstance(answer, Lease)]
    assert {answer.by.pk for answer in answers if isinstance(answer, LeaseHeld)} == {won.holder_id}


@pytest.mark.django_db(transaction=True)
def test_fifty_takeovers_at_once_form_one_chain(open_conversation, team_of_fifty) -> None:
    asks = [partial(leasing.take_over, place, open_conversation.pk) for place in team_of_fifty]
    chain = sorted(together(asks), key=lambda lease: lease.token)
    assert len({lease.token for lease in chain}) == RACERS
    assert Lease.objects.get().holder_id == chain[-1].holder_id
    entries = AuditEntry.objects.order_by("seq").values_list("actor_id", "details")
    holders = [lease.holder_id for lease in chain]
    assert list(entries) == [
        (after, {"former_holder": before}) for before, after in pairwise(holders)
    ]
    lines = open_conversation.messages.filter(kind="event").order_by("seq")
    assert [line.author_id for line in lines] == holders[1:]


@pytest.mark.django_db(transaction=True)
def test_a_former_holders_reply_is_refused_or_was_before(open_conversation, alice, bob) -> None:
    outcomes = set()
    for number in range(20):
        mine = leasing.lock(membership_of(alice), open_conversation.pk)
        sending = partial(send, alice, open_conversation, f"Nr {number}", lease_token=mine.token)
        taking = partial(leasing.take_over, membership_of(bob), open_conversation.pk)
        sent, taken = together([sending, taking])
        lines = open_conversation.messages.filter(kind="event", content__event__from__id=alice.pk)
        line = lines.order_by("-seq").first()
        was_taken_from_her = line is not None and line.seq > open_conversation.head_seq
        assert isinstance(sent, LeaseHeld) == was_taken_from_her
        outcomes.add(was_taken_from_her)
        open_conversation.refresh_from_db()
        leasing.unlock(membership_of(bob), open_conversation.pk, taken.token)
    assert outcomes
