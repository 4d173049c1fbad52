"""The table of keys, what somebody may make of it, and where it is shown."""

from __future__ import annotations

import pytest

from inbox import keys
from inbox.models import AgentProfile

pytestmark = pytest.mark.django_db


def posted(browser, **changed: str):
    """The form as it stands, with some fields typed anew."""
    fields = {f"key-{name}": keys.written(stroke) for name, stroke in keys.strokes({}).items()}
    fields |= {f"key-{name}": text for name, text in changed.items()}
    return browser.post("/settings/keys/", {**fields, "has_single_keys": "1"})


def table_of(page: str) -> str:
    return page.partition('<template id="key-table"')[2].partition("</template>")[0]


def test_no_two_actions_have_the_same_key_to_begin_with() -> None:
    given = [action.stroke for action in keys.ACTIONS if action.stroke]
    assert len(given) == len(set(given))
    assert all(keys.parse(keys.written(stroke)) == stroke for stroke in given)


@pytest.mark.parametrize(
    ("typed", "stroke"),
    [
        ("e", "KeyE"),
        (" shift + e ", "Shift+KeyE"),
        ("⌘K", "Mod+KeyK"),
        ("cmd+shift+a", "Mod+Shift+KeyA"),
        ("ctrl+/", "Mod+/"),
        ("7", "Digit7"),
        ("f2", "F2"),
        ("?", "?"),
        ("", ""),
    ],
)
def test_keys_are_read_as_people_write_them(typed, stroke) -> None:
    assert keys.parse(typed) == stroke


@pytest.mark.parametrize("typed", ["ee", "Enter", "Escape", "Alt+E", "é", "F13", "Shift+", "<b>"])
def test_what_is_no_key_is_refused_with_a_sentence(typed) -> None:
    choice = keys.choose({"resolve": typed})
    assert choice.errors["resolve"].startswith(f"“{typed}” is no key.")


def test_what_nobody_knows_and_what_the_browser_needs_is_refused() -> None:
    choice = keys.choose({"dance": "D", "resolve": "Ctrl+W"})
    assert choice.errors["dance"] == "There is nothing called “dance” to give a key to."
    assert choice.errors["resolve"] == "The browser needs Ctrl+W itself."


def test_a_key_that_something_else_has_is_refused() -> None:
    assert keys.choose({"note": "E"}).errors == {"note": "E is taken by “Resolve”."}
    swapped = keys.choose({"note": "E", "resolve": "N"})
    assert (swapped.kept, swapped.errors) == ({"note": "KeyE", "resolve": "KeyN"}, {})


def test_only_what_is_unlike_the_table_is_kept() -> None:
    assert keys.choose({"resolve": "E", "labels": "", "panel": "O"}).kept == {
        "labels": "",
        "panel": "KeyO",
    }


def test_what_was_chosen_wins_over_what_the_table_gives_later() -> None:
    now = keys.strokes({"panel": "KeyE", "gone": "KeyQ", "note": "nonsense"})
    assert (now["panel"], now["resolve"], now["note"]) == ("KeyE", "", "KeyN")


def test_ones_own_keys_are_on_every_page_of_ones_own(alice, bob, client_of) -> None:
    assert posted(client_of(alice), resolve="Shift+D", labels="").status_code == 302
    table = table_of(client_of(alice).get("/").content.decode())
    assert 'data-action="resolve" data-group="thread" data-stroke="Shift+KeyD"' in table
    assert 'data-action="labels" data-group="thread" data-stroke=""' in table
    assert 'data-stroke="KeyE"' in table_of(client_of(bob).get("/").content.decode())


def test_a_refused_form_keeps_what_was_typed_and_nothing_else(alice, client_of) -> None:
    answer = posted(client_of(alice), resolve="I", snooze="Y")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "I is taken by “Resolve”." in page
    assert 'name="key-snooze" value="Y"' in page
    assert not AgentProfile.objects.filter(user=alice).exists()


def test_an_action_nobody_knows_is_told_above_the_form(alice, client_of) -> None:
    page = client_of(alice).post("/settings/keys/", {"key-dance": "D"}).content.decode()
    assert "There is nothing called “dance” to give a key to." in page


def test_keys_leave_the_rest_of_the_profile_alone(alice, client_of) -> None:
    AgentProfile.objects.create(user=alice, language="pt", has_sound=False)
    browser = client_of(alice)
    browser.post("/settings/keys/", {"key-resolve": "D"})
    kept = AgentProfile.objects.get(user=alice)
    assert (kept.keys, kept.has_single_keys) == ({"resolve": "KeyD"}, False)
    assert (kept.language, kept.has_sound) == ("pt", False)
    browser.post("/settings/keys/", {"usual": "1"})
    kept.refresh_from_db()
    assert (kept.keys, kept.has_single_keys) == ({}, True)


def test_the_sheet_of_keys_needs_no_script_and_shows_ones_own(alice, client_of) -> None:
    AgentProfile.objects.create(user=alice, keys={"resolve": "Shift+KeyD"}, has_single_keys=False)
    browser = client_of(alice)
    page = browser.get("/help/keys/").content.decode()
    assert '<dt>Resolve</dt><dd dir="ltr"><kbd>⇧</kbd> <kbd>D</kbd></dd>' in page
    assert "Single keys are off" in page
    part = browser.get("/help/keys/", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert "<kbd>D</kbd>" in part


def test_the_sheet_is_for_members(client) -> None:
    for address in ("/help/keys/", "/settings/keys/", "/palette/?q=carla"):
        assert client.get(address).status_code == 302
