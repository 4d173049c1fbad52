"""Which conversations a list holds, in which order and number, and that pages leave nothing out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import listing, screens, sidebar
from inbox.filters import VIEWS, Filters
from inbox.models import Draft, Mention, ReadMark
from messaging import merging, models
from tests import factories
from tests.inbox.conftest import FRAGMENT, answered, asked

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HOUR = timedelta(hours=1)


@pytest.fixture
def place(alice) -> models.Membership:
    return models.Membership.objects.select_related("user").get(user=alice)


@pytest.fixture
def add(channel, organization):
    """One more conversation, by name."""

    def make(name: str = "", **fields) -> models.Conversation:
        contact = factories.ContactFactory(organization=organization, name=name or "Somebody")
        return factories.ConversationFactory(
            **{"channel": channel, "contact": contact, "last_activity_at": NOW, **fields}
        )

    return make


@pytest.fixture
def rows(add, alice, bob, team, organization) -> dict[str, models.Conversation]:
    """One conversation for each view, by name."""
    cake = models.Label.objects.create(organization=organization, name="Cake")
    found = {
        "mine": add(assignee=alice),
        "bobs": add(assignee=bob, team=team, priority="high"),
        "waiting": add(assignee=bob, waiting_since=NOW - HOUR),
        "waits longer": add(assignee=bob, waiting_since=NOW - 2 * HOUR),
        "closing": add(assignee=bob, window_expires_at=NOW + HOUR),
        "open window": add(assignee=bob, window_expires_at=NOW + 5 * HOUR),
        "closed": add(assignee=bob, window_expires_at=NOW - HOUR),
        "snoozed": add(assignee=bob, state="snoozed", snoozed_until=NOW + HOUR),
        "until a reply": add(assignee=bob, state="snoozed"),
        "resolved": add(assignee=alice, state="resolved"),
        "nobody's": add(),
    }
    found["bobs"].labels.add(cake)
    asked(found["closed"], "oi", hours_ago=30)
    said = answered(found["waiting"], bob, "Sim")
    models.Message.objects.filter(pk=said.pk).update(status="failed")
    answered(found["waits longer"], bob, "Sim")
    Mention.objects.create(user=alice, conversation=found["resolved"], message=said)
    Draft.objects.create(user=alice, conversation=found["snoozed"], text="Olá")
    Draft.objects.create(user=bob, conversation=found["mine"], text="Olá")
    return found


def names(place: models.Membership, rows: dict[str, models.Conversation], **fields) -> set[str]:
    ids = {row.pk: name for name, row in rows.items()}
    chosen = listing.chosen(place, Filters(**fields)).values_list("pk", flat=True)
    return {ids[pk] for pk in chosen}


OPEN = {"mine", "bobs", "waiting", "waits longer", "closing", "open window", "closed", "nobody's"}
CASES = [
    ({"view": "all"}, OPEN),
    ({"view": "mine"}, {"mine"}),
    ({"view": "unassigned"}, {"nobody's"}),
    ({"view": "unread"}, {"closed"}),
    ({"view": "waiting"}, {"waiting", "waits longer"}),
    ({"view": "closing"}, {"closing"}),
    ({"view": "mentions"}, {"resolved"}),
    ({"view": "failed"}, {"waiting"}),
    ({"view": "drafts"}, {"snoozed"}),
    ({"view": "snoozed"}, {"snoozed", "until a reply"}),
    ({"view": "resolved"}, {"resolved"}),
    ({"view": "mine", "state": "any"}, {"mine", "resolved"}),
    ({"priority": "high"}, {"bobs"}),
    ({"unread": True}, {"closed"}),
    ({"assignee": "none"}, {"nobody's"}),
    ({"team": "none", "assignee": "me"}, {"mine"}),
    ({"window": "open"}, {"closing", "open window"}),
    ({"window": "closing"}, {"closing"}),
    ({"window": "closed", "assignee": "none"}, {"nobody's"}),
    ({"sort": "waiting"}, {"waiting", "waits longer"}),
    ({"sort": "closing"}, {"closing", "open window"}),
]


@pytest.mark.parametrize(("fields", "expected"), CASES)
def test_a_list_holds_what_belongs_to_it(fields, expected, rows, place) -> None:
    assert names(place, rows, **fields) == expected


def test_ids_narrow_too(rows, place, team, bob, channel) -> None:
    label = rows["bobs"].labels.get()
    for fields in ({"labels": (label.pk, 999)}, {"team": str(team.pk)}):
        assert names(place, rows, **fields) == {"bobs"}
    assert names(place, rows, assignee=str(bob.pk), channel=channel.pk, window="closing") == {
        "closing"
    }
    assert names(place, rows, channel=channel.pk + 1) == set()


def test_an_answer_that_left_ends_the_failure(rows, place, bob) -> None:
    answered(rows["waiting"], bob, "Outra vez")
    assert names(place, rows, view="failed") == set()


def test_unread_is_each_agents_own(rows, place, bob) -> None:
    mark = ReadMark.objects.create(user=bob, conversation=rows["closed"], inbound_count=1)
    assert names(place, rows, view="unread") == {"closed"}
    ReadMark.objects.filter(pk=mark.pk).update(user=place.user)
    assert names(place, rows, view="unread") == set()


def test_what_is_unread_beside_counts_for_the_main_one(rows, place) -> None:
    part, main = rows["closed"], rows["mine"]
    merging.merge_now(part.contact_id, main.contact_id, reason="x")
    assert names(place, rows, view="unread") == {"mine"}


def test_numbers_are_those_of_the_lists(rows, place) -> None:
    counts = sidebar.view_counts(place)
    assert counts == {view: listing.chosen(place, Filters(view=view)).count() for view in VIEWS}
    Mention.objects.update(seen_at=NOW)
    assert sidebar.view_counts(place)["mentions"] == 0
    assert names(place, rows, view="mentions") == {"resolved"}


def test_numbers_stop_growing(rows, place, monkeypatch, alice, client_of) -> None:
    monkeypatch.setattr(sidebar, "MOST_COUNTED", 3)
    assert sidebar.view_counts(place)["all"] == 4
    page = client_of(alice).get("/").content.decode()
    assert ">3+</span>" in page


ORDERS = [
    ({"view": "all"}, "last_activity_at", True),
    ({"view": "waiting"}, "waiting_since", False),
    ({"sort": "closing"}, "window_expires_at", False),
    ({"view": "snoozed"}, "snoozed_until", False),
]


@pytest.mark.parametrize(("fields", "name", "newest_first"), ORDERS)
def test_pages_of_every_order_leave_nothing_out(
    fields, name, newest_first, add, place, monkeypatch
) -> None:
    state = "snoozed" if fields == {"view": "snoozed"} else "open"
    moments = [NOW + number // 2 * HOUR for number in range(2, 9)]
    for moment in moments:
        row = add(state=state)
        models.Conversation.objects.filter(pk=row.pk).update(**{name: moment})
    if state == "snoozed":
        for _ in range(2):
            add(state=state)
    before: str | None = ""
    seen: list[models.Conversation] = []
    readable = models.Conversation.objects.all()
    monkeypatch.setattr(listing, "page", lambda *args, **kw: PAGE(*args, **{**kw, "limit": 3}))
    while before is not None:
        page = listing.list_page(place, Filters(**fields), readable, before=before)
        seen += page.rows
        before = page.cursor or None
    values = [getattr(row, name) for row in seen]
    known = [value for value in values if value]
    assert known == sorted(moments, reverse=newest_first)
    assert len({row.pk for row in seen}) == len(seen) == len(moments) + (state == "snoozed") * 2
    assert values[: len(known)] == known, "who has no moment stands last"


PAGE = listing.page


def test_rows_applied_to_an_old_list_make_the_fresh_one(rows, alice, client_of) -> None:
    """What `rows/?ids=` says of every conversation is what a fresh list holds."""
    browser, ids = client_of(alice), ",".join(str(row.pk) for row in rows.values())
    for view in VIEWS:
        told = browser.get("/rows/", {"view": view, "ids": ids}).json()["rows"]
        fresh = browser.get("/", {"view": view}, **FRAGMENT).content.decode()
        listed = {int(pk) for pk in re.findall(r'id="conversation-(\d+)"', fresh)}
        assert {row["id"] for row in told if not row.get("gone")} == listed, view
        assert {row["id"] for row in told if row.get("gone")}.isdisjoint(listed)


def test_rows_of_others_are_gone(rows, mallory, client_of) -> None:
    told = client_of(mallory).get("/rows/", {"ids": str(rows["mine"].pk)}).json()["rows"]
    assert told == [{"id": rows["mine"].pk, "gone": True}]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_takes_as_many_queries(
    view, rows, alice, client_of, django_assert_num_queries
) -> None:
    browser = client_of(alice)
    # Session, user, membership; head, rows, identities, labels, drafts; and for the menus labels,
    # teams, channels, saved views and the agents to assign to.
    with django_assert_num_queries(3 + 5 + 5) as asked_for:
        assert browser.get("/", {"view": view}, **FRAGMENT).status_code == 200
    assert not [query for query in asked_for if "count(" in query["sql"].lower()]


def test_a_list_alone_leaves_the_numbers_to_their_own_request(rows, alice, client_of) -> None:
    browser = client_of(alice)
    part = browser.get("/", {"view": "mine"}, **FRAGMENT).content.decode()
    assert 'id="views"' not in part
    assert "data-counted" not in part
    assert re.findall(r'id="number-(\w+)" hx-preserve="true"></span>', part) == TABS
    page = browser.get("/", {"view": "mine"}).content.decode()
    assert "data-counted" in page
    assert "hx-preserve" not in page
    assert re.findall(NUMBER, page) == [("mine", "1"), ("unassigned", "1"), ("all", "8")]


def test_numbers_come_by_their_own_request_and_follow(
    rows, alice, client_of, django_assert_num_queries
) -> None:
    browser = client_of(alice)
    # Session, user, membership; labels, teams, channels, saved views; and all counts at once.
    with django_assert_num_queries(3 + 4 + 1):
        first = browser.get("/", {"view": "mine"}, **NUMBERS).content.decode()
    assert "conversation-link" not in first
    assert 'aria-current="page"' in first
    browser.post("/triage/", {"action": "claim", "ids": rows["nobody's"].pk}, **FRAGMENT)
    then = browser.get("/", {"view": "mine"}, **NUMBERS).content.decode()
    assert re.findall(NUMBER, first) == [("mine", "1"), ("unassigned", "1"), ("all", "8")]
    assert re.findall(NUMBER, then) == [("mine", "2"), ("unassigned", "0"), ("all", "8")]


NUMBERS = {**FRAGMENT, "HTTP_HX_TARGET": "views"}
NUMBER = r'id="number-(\w+)">(\d+)</span>'
TABS = ["mine", "unassigned", "all"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_is_chosen_before_anything_is_joined_to_it(view, rows, place) -> None:
    with CaptureQueriesContext(connection) as asked_for:
        listing.list_page(place, Filters(view=view), screens.readable(place))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {asked_for[0]['sql']}")
        [(plans,)] = cursor.fetchall()
    plan = plans[0]["Plan"]
    limits = [part for part in parts_of(plan) if part["Node Type"] == "Limit"]
    [page] = [part for part in limits if part.get("Parent Relationship") == "InitPlan"]
    read = {part.get("Relation Name") for part in parts_of(page)}
    assert "messaging_user" in {part.get("Relation Name") for part in parts_of(plan)}
    assert read.isdisjoint({"messaging_user", "messaging_team", "messaging_amendment"})


def parts_of(plan: dict) -> list[dict]:
    return [plan, *(each for part in plan.get("Plans", ()) for each in parts_of(part))]


def test_a_narrowed_list_says_so_and_keeps_its_address(rows, alice, client_of) -> None:
    label = rows["bobs"].labels.get()
    query = f"assignee={rows['bobs'].assignee_id}&label={label.pk}&sort=activity"
    page = client_of(alice).get(f"/?{query}").content.decode()
    assert "Remove filter Cake" in page
    assert "Remove filter Bob Fernandes" in page
    address = f"/conversations/{rows['bobs'].pk}/?{query}".replace("&", "&amp;")
    assert address in page


def test_a_long_wait_shows(add, alice, client_of) -> None:
    for hours in (0.5, 2, 5):
        add(waiting_since=NOW - hours * HOUR)
    page = client_of(alice).get("/?view=waiting").content.decode()
    assert re.findall(r'data-waiting="(\w+)"', page) == ["late", "long"]


def test_a_draft_takes_the_place_of_the_preview(rows, alice, client_of) -> None:
    page = client_of(alice).get("/?view=drafts").content.decode()
    assert re.search(r"<b>Draft:</b> (<[^>]+>)?Olá", page)
    assert "Draft by Bob Fernandes" in client_of(alice).get("/?view=mine").content.decode()
