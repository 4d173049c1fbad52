"""What there is to press: buttons, rows of a list, a link."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks.paths import Found

MOST_BUTTONS = 3
LONGEST_BUTTON = 20
LONGEST_BUTTON_ID = 256
MOST_SECTIONS = 10
MOST_ROWS = 10
LONGEST_SECTION = 24
LONGEST_ROW = 24
LONGEST_ROW_ID = 200
LONGEST_DESCRIPTION = 72

CheckAction = Callable[[Found, str, dict[str, Any]], None]


def check_buttons(found: Found, path: str, action: dict[str, Any]) -> None:
    """Source: "Interactive reply buttons": one to three, told apart by id and title."""
    _only(found, path, action, "buttons")
    ids: set[Hashable] = set()
    titles: set[Hashable] = set()
    path = f"{path}.buttons"
    for index, value in enumerate(found.rows(path, action.get("buttons"), most=MOST_BUTTONS)):
        at = f"{path}.{index}"
        button = found.object(at, value, {"type", "reply"})
        if button is None:
            continue
        found.exactly(f"{at}.type", button.get("type"), "reply")
        reply = found.object(f"{at}.reply", button.get("reply"), {"id", "title"})
        if reply is not None:
            _choice(found, f"{at}.reply", reply, ids, most=(LONGEST_BUTTON_ID, LONGEST_BUTTON))
            title = reply.get("title")
            found.unlike(f"{at}.reply.title", title if isinstance(title, str) else "", titles)


def check_list(found: Found, path: str, action: dict[str, Any]) -> None:
    """Source: "Interactive list messages": ten rows in all, sections named if there are several."""
    _only(found, path, action, "button", "sections")
    found.words(f"{path}.button", action.get("button"), most=LONGEST_BUTTON)
    path = f"{path}.sections"
    sections = found.rows(path, action.get("sections"), most=MOST_SECTIONS)
    ids: set[Hashable] = set()
    count = 0
    for index, value in enumerate(sections):
        section = found.object(f"{path}.{index}", value, {"title", "rows"})
        if section is not None:
            count += _check_section(found, f"{path}.{index}", section, ids)
            title = section.get("title")
            may_lack = len(sections) == 1
            found.words(f"{path}.{index}.title", title, most=LONGEST_SECTION, may_lack=may_lack)
    if count > MOST_ROWS:
        said = _("A list has at most %(most)d rows in all; these are %(count)d.")
        found.add(path, said % {"most": MOST_ROWS, "count": count})


def check_link(found: Found, path: str, action: dict[str, Any]) -> None:
    """Source: "Interactive call-to-action URL button messages"."""
    _only(found, path, action, "name", "parameters")
    found.exactly(f"{path}.name", action.get("name"), "cta_url")
    path = f"{path}.parameters"
    given = found.object(path, action.get("parameters"), {"display_text", "url"})
    if given is not None:
        found.words(f"{path}.display_text", given.get("display_text"), most=LONGEST_BUTTON)
        found.address(f"{path}.url", given.get("url"))


def named(name: str, *, with_parameters: bool = False) -> CheckAction:
    """An action of that name, and what the platform itself makes of its parameters."""

    def check(found: Found, path: str, action: dict[str, Any]) -> None:
        found.exactly(f"{path}.name", action.get("name"), name)
        if with_parameters or action.get("parameters") is not None:
            found.object(f"{path}.parameters", action.get("parameters"))

    return check


def anything(_found: Found, _path: str, _action: dict[str, Any]) -> None:
    """Catalogues are the platform's own affair."""


def _check_section(found: Found, path: str, section: dict[str, Any], ids: set[Hashable]) -> int:
    """How many rows it has."""
    path = f"{path}.rows"
    rows = found.rows(path, section.get("rows"), most=MOST_ROWS)
    for index, value in enumerate(rows):
        row = found.object(f"{path}.{index}", value, {"id", "title", "description"})
        if row is None:
            continue
        _choice(found, f"{path}.{index}", row, ids, most=(LONGEST_ROW_ID, LONGEST_ROW))
        about = row.get("description")
        found.words(f"{path}.{index}.description", about, most=LONGEST_DESCRIPTION, may_lack=True)
    return len(rows)


def _choice(
    found: Found, path: str, given: dict[str, Any], ids: set[Hashable], *, most: tuple[int, int]
) -> None:
    """An id, found nowhere else, and a title; `most` are their lengths."""
    name = found.words(f"{path}.id", given.get("id"), most=most[0])
    found.unlike(f"{path}.id", name, ids)
    found.words(f"{path}.title", given.get("title"), most=most[1])


def _only(found: Found, path: str, action: dict[str, Any], *known: str) -> None:
    for name in set(action) - set(known):
        found.stranger(f"{path}.{name}")
