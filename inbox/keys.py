"""The one table of keys: what each does, where it is told, and what somebody may change.

A stroke is a key by its place on the board (`KeyE`, `Digit1`, `F2`), or a sign by what it writes
(`?`), after `Mod+` (Ctrl, or ⌘ on a Mac) and `Shift+`. An empty stroke is a key turned off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SIGNS = "?/,.;:'\"[]{}\\-=+_!@#$%&*()<>~`|"
STROKE = re.compile(r"(Mod\+)?(Shift\+)?(Key[A-Z]|Digit[0-9]|F[1-9][0-2]?)")
TYPED = re.compile(r"(?:(?P<names>.+)\+)?(?P<key>[^+]+|\+)", re.DOTALL)
MODIFIERS = {
    **dict.fromkeys(("mod", "ctrl", "control", "cmd", "command", "meta", "⌘"), "Mod"),
    **dict.fromkeys(("shift", "⇧"), "Shift"),
}
# What fields and browsers do themselves: copy, paste, undo, close, a new tab or window, reload.
KEPT_BY_BROWSERS = frozenset(f"Mod+Key{letter}" for letter in "ACLNPQRTVWXYZ") | {
    f"Mod+Shift+Key{letter}" for letter in "NTWZ"
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does; `stroke` is the key it has until somebody says otherwise."""

    name: str
    group: str
    title: _StrPromise
    stroke: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A key nobody changes, told with the others."""

    group: str
    title: _StrPromise
    caps: tuple[str, ...]


GROUPS: Mapping[str, _StrPromise] = {
    "everywhere": gettext_lazy("Everywhere"),
    "list": gettext_lazy("Conversations"),
    "thread": gettext_lazy("This conversation"),
    "write": gettext_lazy("Writing"),
}
ACTIONS = (
    Action("palette", "everywhere", gettext_lazy("Commands"), "Mod+KeyK"),
    Action("help", "everywhere", gettext_lazy("Keyboard help"), "?"),
    Action("start", "everywhere", gettext_lazy("New conversation"), "KeyC"),
    Action("search", "everywhere", gettext_lazy("Search people and messages"), "/"),
    Action("undo", "everywhere", gettext_lazy("Undo"), "KeyZ"),
    Action("next", "list", gettext_lazy("Next conversation"), "KeyJ"),
    Action("previous", "list", gettext_lazy("Previous conversation"), "KeyK"),
    Action("first_tab", "list", gettext_lazy("First tab of the list"), "Digit1"),
    Action("second_tab", "list", gettext_lazy("Second tab of the list"), "Digit2"),
    Action("third_tab", "list", gettext_lazy("Third tab of the list"), "Digit3"),
    Action("select", "list", gettext_lazy("Select the conversation"), "KeyX"),
    Action("resolve", "thread", gettext_lazy("Resolve"), "KeyE"),
    Action("resolve_next", "thread", gettext_lazy("Resolve and next"), "Shift+KeyE"),
    Action("snooze", "thread", gettext_lazy("Snooze…"), "KeyS"),
    Action("assign", "thread", gettext_lazy("Assign…"), "KeyA"),
    Action("claim", "thread", gettext_lazy("Assign to me"), "KeyI"),
    Action("labels", "thread", gettext_lazy("Labels…"), "KeyL"),
    Action("priority", "thread", gettext_lazy("Priority…"), "KeyP"),
    Action("unread", "thread", gettext_lazy("Mark as unread"), "KeyU"),
    Action("panel", "thread", gettext_lazy("Contact")),
    Action("date", "thread", gettext_lazy("Go to a date")),
    Action("reply", "write", gettext_lazy("Reply"), "KeyR"),
    Action("note", "write", gettext_lazy("Internal note"), "KeyN"),
    Action("attach", "write", gettext_lazy("Attach files"), "Mod+Shift+KeyA"),
    Action("template", "write", gettext_lazy("Template")),
    Action("emoji", "write", gettext_lazy("Emoji")),
    Action("record", "write", gettext_lazy("Record a voice note")),
    Action("later", "write", gettext_lazy("Send later")),
)
FIXED = (
    Fixed("everywhere", gettext_lazy("Leave the field, then the conversation"), ("Esc",)),
    Fixed("list", gettext_lazy("Open the conversation"), ("Enter",)),
    Fixed("list", gettext_lazy("Move in lists and menus"), ("↑", "↓")),
)
BY_NAME: Mapping[str, Action] = {action.name: action for action in ACTIONS}


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants of their keys: those unlike the table's, and what is wrong with it."""

    kept: dict[str, str]
    errors: dict[str, str]


def strokes(kept: Mapping[str, str]) -> dict[str, str]:
    """Every action's key for whoever changed `kept`.

    What was chosen wins over a key that the table gave to something else since.
    """
    chosen = {name: key for name, key in kept.items() if name in BY_NAME and _is_stroke(key)}
    taken = {key for key in chosen.values() if key}
    usual = {
        action.name: "" if action.stroke in taken else action.stroke
        for action in ACTIONS
        if action.name not in chosen
    }
    return {action.name: {**usual, **chosen}[action.name] for action in ACTIONS}


def choose(given: Mapping[str, str]) -> Choice:
    """Read keys as people type them; only what differs from the table is kept."""
    found: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, text in given.items():
        if name not in BY_NAME:
            errors[name] = _("There is nothing called “%(name)s” to give a key to.") % {
                "name": name[:40]
            }
            continue
        stroke = parse(text)
        if stroke is None:
            errors[name] = _("“%(key)s” is no key. Give one such as E, Shift+E or Ctrl+K.") % {
                "key": text.strip()[:20]
            }
        elif stroke in KEPT_BY_BROWSERS:
            errors[name] = _("The browser needs %(key)s itself.") % {"key": written(stroke)}
        else:
            found[name] = stroke
    errors |= _doubled({action.name: action.stroke for action in ACTIONS} | found)
    kept = {name: stroke for name, stroke in found.items() if stroke != BY_NAME[name].stroke}
    return Choice(kept, errors)


def parse(text: str) -> str | None:
    """A stroke written as people write it ("shift + e", "⌘K", "?"); None where it is none."""
    bare = text.strip().replace(" ", "").replace("⌘", "mod+").replace("⇧", "shift+")
    bare = bare.replace("++", "+") if not bare.endswith("++") else bare
    match = TYPED.fullmatch(bare)
    if not bare or match is None:
        return "" if not bare else None
    names = [MODIFIERS.get(name.casefold()) for name in (match["names"] or "").split("+") if name]
    key = _place(match["key"])
    if key is None or None in names:
        return None
    stroke = "".join(f"{name}+" for name in ("Mod", "Shift") if name in names) + key
    return stroke if _is_stroke(stroke) else None


def caps(stroke: str) -> tuple[str, ...]:
    """What is printed on the keys of a stroke, one after the other."""
    *modifiers, key = _parts(stroke)
    names = {"Mod": "Ctrl", "Shift": "⇧"}
    plain = key.removeprefix("Key").removeprefix("Digit")
    return (*(names[name] for name in modifiers), plain) if stroke else ()


def written(stroke: str) -> str:
    """A stroke in a field: "Shift+E"."""
    return "+".join("Shift" if cap == "⇧" else cap for cap in caps(stroke))


def _parts(stroke: str) -> list[str]:
    modifiers = [name for name in ("Mod", "Shift") if f"{name}+" in stroke]
    return [*modifiers, stroke.removeprefix("Mod+").removeprefix("Shift+")]


def _place(key: str) -> str | None:
    if len(key) == 1 and key.isascii() and key.isalpha():
        return f"Key{key.upper()}"
    if len(key) == 1 and key.isascii() and key.isdecimal():
        return f"Digit{key}"
    return key.upper() if len(key) > 1 else key


def _is_stroke(stroke: str) -> bool:
    sign = stroke.removeprefix("Mod+")
    is_sign = len(sign) == 1 and sign in SIGNS
    return not stroke or is_sign or STROKE.fullmatch(stroke) is not None


def _doubled(found: Mapping[str, str]) -> dict[str, str]:
    """One key, one thing: who comes second is told who has it."""
    owners: dict[str, str] = {}
    errors = {}
    for name, stroke in found.items():
        if stroke and stroke in owners:
            values = {"key": written(stroke), "title": BY_NAME[owners[stroke]].title}
            errors[name] = _("%(key)s is taken by “%(title)s”.") % values
        owners.setdefault(stroke, name)
    return errors
