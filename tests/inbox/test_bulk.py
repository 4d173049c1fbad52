"""One act on all that a list holds."""

from __future__ import annotations

import pytest

from inbox import bulk, triage
from inbox.filters import Filters
from messaging import models
from tests import factories
from tests.inbox.conftest import FRAGMENT

pytestmark = pytest.mark.django_db
ALL = "/triage/all/"


@pytest.fixture
def rows(channel, organization) -> list[models.Conversation]:
    """Seven open ones."""
    return [
        factories.ConversationFactory(
            channel=channel, contact=factories.ContactFactory(organization=organization)
        )
        for _ in range(7)
    ]


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(bulk, "BATCH", 3)


def states() -> set[str]:
    return set(models.Conversation.objects.values_list("state", flat=True))


def test_without_javascript_one_request_does_all(rows, alice, client_of) -> None:
    fields = {"action": "resolve", "filters": "view=unassigned", "next": "/?view=unassigned"}
    answer = client_of(alice).post(ALL, fields)
    assert (answer.status_code, answer.url) == (302, "/?view=unassigned")
    assert states() == {"resolved"}


def test_a_browser_does_it_batch_by_batch(rows, alice, client_of) -> None:
    browser, after, seen = client_of(alice), 0, []
    while after is not None:
        fields = {"action": "resolve", "filters": "view=all", "after": after}
        done = browser.post(ALL, fields, **FRAGMENT).json()
        after = done["after"]
        seen.append((done["seen"], done["changed"]))
    assert seen == [(3, 3), (3, 3), (1, 1)]
    assert states() == {"resolved"}


def test_only_what_the_list_holds_is_touched(rows, alice, bob, client_of) -> None:
    models.Conversation.objects.filter(pk__in=[row.pk for row in rows[:2]]).update(assignee=bob)
    client_of(alice).post(ALL, {"action": "resolve", "filters": f"assignee={bob.pk}"})
    done = models.Conversation.objects.filter(state="resolved")
    assert set(done.values_list("pk", flat=True)) == {rows[0].pk, rows[1].pk}


def test_parameters_go_with_the_act(rows, alice, client_of) -> None:
    fields = {"action": "priority", "priority": "high", "filters": ""}
    client_of(alice).post(ALL, fields)
    assert set(models.Conversation.objects.values_list("priority", flat=True)) == {"high"}


def test_too_many_are_refused_in_a_sentence(rows, alice, client_of, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "MOST", 6)
    browser = client_of(alice)
    told = browser.get(ALL, {"view": "all"}).json()
    assert told["count"] == 6
    assert "Narrow the list" in told["too_many"]
    answer = browser.post(ALL, {"action": "resolve", "filters": "", "after": "0"}, **FRAGMENT)
    assert answer.status_code == 422
    page = browser.post(ALL, {"action": "resolve", "filters": ""}, follow=True).content.decode()
    assert "Narrow the list" in page
    assert states() == {"open"}


@pytest.mark.parametrize("action", ["", "explode", "priority", "snooze"])
def test_what_is_wrong_is_said(action, rows, alice, client_of) -> None:
    answer = client_of(alice).post(ALL, {"action": action, "filters": ""}, **FRAGMENT)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert states() == {"open"}


def test_nobody_touches_what_they_do_not_see(rows, alice, mallory, client_of) -> None:
    client_of(mallory).post(ALL, {"action": "resolve", "filters": ""})
    models.Membership.objects.filter(user=alice).update(role="auditor")
    assert client_of(alice).post(ALL, {"action": "resolve", "filters": ""}).status_code == 403
    assert states() == {"open"}


def test_the_number_is_counted_before_anything_is_done(rows, alice, client_of) -> None:
    assert client_of(alice).get(ALL, {"view": "mine"}).json() == {"count": 0, "too_many": ""}
    place = models.Membership.objects.get(user=alice)
    assert bulk.everything(place, Filters(view="mine"), "resolve", {}) == 0
    assert bulk.BATCH <= triage.MOST


ACTS = [
    ("resolve", "state", "resolved"),
    ("claim", "assignee__email", "alice@example.com"),
    ("snooze", "state", "snoozed"),
]


@pytest.mark.parametrize(("do", "field", "value"), ACTS)
def test_a_rows_own_button_works_without_javascript(
    do, field, value, rows, alice, client_of
) -> None:
    answer = client_of(alice).post("/triage/row/", {"do": f"{do}:{rows[0].pk}", "next": "//evil"})
    assert (answer.status_code, answer.url) == (302, "/")
    found = models.Conversation.objects.filter(**{field: value})
    assert [row.pk for row in found] == [rows[0].pk]


def test_a_row_says_who_was_first(rows, alice, bob, client_of) -> None:
    do = {"do": f"claim:{rows[0].pk}"}
    client_of(bob).post("/triage/row/", do)
    page = client_of(alice).post("/triage/row/", do, follow=True).content.decode()
    assert "Bob Fernandes was first." in page
