"""`POST /triage/`, the menus in the thread's head, and the API over the same door."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import AgentProfile
from messaging import models
from messaging.models import Conversation
from tests import factories
from tests.inbox.conftest import FRAGMENT, asked

pytestmark = pytest.mark.django_db


@pytest.fixture
def press(open_conversation, client_of):
    """One button of the menus, pressed by somebody; with JavaScript a fragment comes back."""

    def do(user: models.User, do: str, *, plain: bool = False, **fields: str):
        given = {"do": do, "ids": open_conversation.pk, "thread": open_conversation.pk, **fields}
        headers = {} if plain else FRAGMENT
        return client_of(user).post("/triage/", given, **headers)

    return do


@pytest.fixture
def others(channel) -> list[Conversation]:
    """Two more that wait, before and after Carla's in the list."""
    made = [factories.ConversationFactory(channel=channel) for _ in range(2)]
    return [asked(row, "Olá", hours_ago=hours) for row, hours in zip(made, (0.5, 3), strict=True)]


def test_a_fragment_brings_the_menus_and_a_word_with_the_way_back(
    press, alice, open_conversation, client_of
) -> None:
    page = press(alice, "claim").content.decode()
    assert 'id="thread-tools"' in page
    assert 'hx-swap-oob="true"' in page
    assert "Yours now" in page
    token = re.search(r'name="undo" value="([^"]+)"', page)[1]
    undone = client_of(alice).post("/triage/", {"action": "undo", "undo": token}, **FRAGMENT)
    open_conversation.refresh_from_db()
    assert open_conversation.assignee is None
    assert json.loads(undone["HX-Trigger-After-Swap"]) == {
        "triage:go": {"url": f"/conversations/{open_conversation.pk}/"}
    }


def test_a_lost_claim_is_409_and_says_who(press, alice, bob, open_conversation) -> None:
    press(alice, "claim")
    lost = press(bob, "claim")
    assert lost.status_code == 409
    assert "Alice Moreau was first" in lost.content.decode()
    stale = press(bob, f"assign:{bob.pk}", held_by="")
    assert stale.status_code == 409


def test_a_time_that_is_none_is_422_with_a_sentence(press, alice) -> None:
    refused = press(alice, "", action="snooze", until="when it rains")
    assert refused.status_code == 422
    assert "Not a time ahead" in refused.content.decode()


def test_a_typed_time_is_in_the_browsers_zone(press, alice, open_conversation) -> None:
    press(alice, "", action="snooze", until="tomorrow 9", tz="Asia/Tokyo")
    open_conversation.refresh_from_db()
    assert open_conversation.snoozed_until.hour == 0


def test_without_javascript_it_goes_back_to_a_page_of_ours(
    press, alice, open_conversation, client_of
) -> None:
    here = f"/conversations/{open_conversation.pk}/?view=mine&menu=assign"
    answer = press(alice, "claim", plain=True, next=here)
    assert (answer.status_code, answer["Location"]) == (302, here.removesuffix("&menu=assign"))
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = press(alice, "priority:high", plain=True, next=elsewhere)
        assert answer["Location"] == f"/conversations/{open_conversation.pk}/"


def test_after_a_redirect_the_page_says_what_was_done(press, alice, client_of) -> None:
    browser = client_of(alice)
    row = Conversation.objects.get()
    given = {"do": "priority:high", "ids": row.pk, "thread": row.pk}
    page = browser.post("/triage/", given, follow=True).content.decode()
    assert "Priority High" in page
    assert 'name="undo"' in page


def test_a_page_without_javascript_has_every_menu_as_a_form(
    alice, bob, open_conversation, client_of
) -> None:
    page = client_of(alice).get(f"/conversations/{open_conversation.pk}/?menu=assign")
    text = page.content.decode()
    assert f'value="assign:{bob.pk}"' in text
    assert 'data-menu="assign" open' in text
    for button in ("claim", "resolve", "unread", "snooze:tomorrow", "priority:urgent"):
        assert f'value="{button}"' in text


@pytest.mark.parametrize("opens_next", [True, False])
def test_resolving_goes_to_the_next_of_the_list_for_those_who_like_it(
    opens_next, press, alice, open_conversation, others
) -> None:
    AgentProfile.objects.create(user=alice, opens_next=opens_next)
    here = f"/conversations/{open_conversation.pk}/?view=unassigned"
    went = press(alice, "resolve", plain=True, next=here)
    after = f"/conversations/{others[1].pk}/?view=unassigned"
    assert went["Location"] == (after if opens_next else here)


def test_resolve_and_next_ends_in_the_list_where_nothing_follows(
    press, alice, open_conversation
) -> None:
    went = press(alice, "resolve", then="next", next=f"/conversations/{open_conversation.pk}/")
    assert json.loads(went["HX-Trigger-After-Swap"]) == {"triage:go": {"url": "/"}}


def test_who_gives_it_to_a_team_they_do_not_see_leaves_it(
    press, alice, organization, open_conversation
) -> None:
    kitchen = models.Team.objects.create(organization=organization, name="Kitchen")
    models.Membership.objects.filter(user=alice).update(sees_all_teams=False)
    answer = press(alice, f"team:{kitchen.pk}", plain=True)
    assert answer["Location"] == "/"


def test_an_auditor_reads_and_a_stranger_finds_nothing(press, alice, mallory) -> None:
    assert press(mallory, "resolve").status_code == 404
    models.Membership.objects.filter(user=alice).update(role=models.Role.AUDITOR)
    assert press(alice, "resolve").status_code == 403


def test_a_forged_undo_does_nothing(press, alice, open_conversation, client_of) -> None:
    press(alice, "claim")
    answer = client_of(alice).post("/triage/", {"action": "undo", "undo": "x:y:z"}, **FRAGMENT)
    assert answer.status_code == 422


def test_the_timeline_says_who_did_what_to_each_reader(
    press, alice, bob, open_conversation, client_of
) -> None:
    press(alice, f"assign:{bob.pk}")
    for reader, sentence in [
        (bob, "Alice Moreau assigned this to you"),
        (alice, "You assigned this to Bob Fernandes"),
    ]:
        page = client_of(reader).get(f"/conversations/{open_conversation.pk}/").content.decode()
        assert sentence in page


def test_the_api_acts_and_answers_with_the_conversation(
    alice, bob, open_conversation, client_of
) -> None:
    label = models.Label.objects.create(organization=open_conversation.organization, name="Cakes")
    browser, path = client_of(alice), f"/api/v1/conversations/{open_conversation.pk}/"

    def post(name: str, **body: object):
        return browser.post(f"{path}{name}", json.dumps(body), content_type="application/json")

    assert post("claim").json()["assignee"]["id"] == alice.pk
    assert post("assign/", assignee=bob.pk).json()["assignee"]["id"] == bob.pk
    assert post("labels", add=[label.pk]).json()["labels"]
    later = timezone.now() + timedelta(hours=2)
    assert post("snooze", until=later.isoformat()).json()["state"] == "snoozed"
    assert post("resolve").json()["state"] == "resolved"
    assert post("reopen").json()["state"] == "open"
    assert post("priority", priority="high").json()["priority"] == "high"
    assert post("unassign").json()["assignee"] is None


def test_the_api_refuses_with_codes(alice, bob, mallory, open_conversation, client_of) -> None:
    path = f"/api/v1/conversations/{open_conversation.pk}/"
    client_of(alice).post(f"{path}claim/")
    lost = client_of(bob).post(f"{path}claim/")
    assert lost.status_code == 409
    assert lost.json() == {
        "code": "claimed",
        "assignee": {"id": alice.pk, "name": "Alice Moreau"},
    }
    unfit = client_of(bob).post(f"{path}priority/", "{}", content_type="application/json")
    assert unfit.status_code == 422
    assert client_of(mallory).post(f"{path}resolve/").status_code == 404
    models.Membership.objects.filter(user=bob).update(role=models.Role.AUDITOR)
    assert client_of(bob).post(f"{path}resolve/").status_code == 403
