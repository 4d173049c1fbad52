"""Lists kept under a name: one's own, and everybody's."""

from __future__ import annotations

import pytest

from inbox.models import SavedView
from messaging import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(client_of):
    """Save a list as somebody."""

    def post(user: models.User, name: str, filters: str, **fields: str):
        fields = {"name": name, "filters": filters, **fields}
        return client_of(user).post("/views/", fields, follow=True)

    return post


def promote(user: models.User, role: str) -> None:
    models.Membership.objects.filter(user=user).update(role=role)


def test_a_saved_list_is_opened_from_the_sidebar(keep, alice, bob, client_of) -> None:
    page = keep(alice, "  Late   ones ", "view=waiting&assignee=none&bogus=1").content.decode()
    row = SavedView.objects.get()
    assert row.filters == {"view": "waiting", "assignee": "none"}
    assert (row.name, row.owner) == ("Late ones", alice)
    assert f"/?view=waiting&amp;assignee=none&amp;saved={row.pk}" in page
    assert ">Late ones</h1>" in page
    assert "Late ones" not in client_of(bob).get("/").content.decode()


def test_only_some_roles_share(keep, alice, bob, client_of) -> None:
    assert keep(alice, "Ours", "view=mine", shared="1").status_code == 403
    promote(alice, "supervisor")
    keep(alice, "Ours", "view=mine", shared="1")
    row = SavedView.objects.get()
    assert row.owner is None
    assert "Ours" in client_of(bob).get("/").content.decode()
    for do in ("rename", "delete"):
        answer = client_of(bob).post(f"/views/{row.pk}/", {"do": do, "name": "Mine now"})
        assert answer.status_code == 403
    assert SavedView.objects.get().name == "Ours"


def test_names_are_unique_and_not_empty(keep, alice, bob) -> None:
    keep(alice, "One", "view=mine")
    assert "There is a view with this name." in keep(alice, "One", "").content.decode()
    assert "A view needs a name." in keep(alice, " ", "").content.decode()
    keep(bob, "One", "")
    assert SavedView.objects.count() == 2


def test_a_view_is_renamed_and_deleted(keep, alice, client_of) -> None:
    keep(alice, "One", "view=mine")
    row, browser = SavedView.objects.get(), client_of(alice)
    browser.post(f"/views/{row.pk}/", {"do": "rename", "name": "Two"})
    row.refresh_from_db()
    assert row.name == "Two"
    browser.post(f"/views/{row.pk}/", {"do": "delete"})
    assert not SavedView.objects.exists()


def test_others_views_are_not_found(keep, alice, bob, mallory, client_of) -> None:
    keep(alice, "One", "view=mine")
    row = SavedView.objects.get()
    for user in (bob, mallory):
        assert client_of(user).post(f"/views/{row.pk}/", {"do": "delete"}).status_code == 404


def test_a_broken_one_is_still_a_list(organization, alice, client_of) -> None:
    SavedView.objects.create(organization=organization, owner=alice, name="X", filters={"a": [1]})
    assert client_of(alice).get("/").status_code == 200
