"""The form of a message with reply buttons or a list, and the Cloud API's object it makes; pure.

Source: Cloud API, "Interactive reply buttons" and "Interactive list messages".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOST_BUTTONS, MOST_ROWS, FIRST_ROWS = 3, 10, 3
PATH = "content.interactive"
SHAPES = {"button": _("Buttons"), "list": _("List")}


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a form; `group` begins a new one under that heading."""

    name: str
    label: str | _StrPromise
    value: str
    most: int = 1000
    mode: str = "text"
    is_required: bool = True
    is_long: bool = False
    group: str | _StrPromise = ""
    errors: tuple[str, ...] = ()

    def told(self, errors: Sequence[str]) -> Input:
        """The same with what is wrong about it."""
        return replace(self, errors=tuple(errors)) if errors else self

    @property
    def html_id(self) -> str:
        return f"compose-{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceForm:
    """What was written, as inputs and as the object; a list's form shows `rows` of them."""

    shape: str
    inputs: tuple[Input, ...]
    interactive: dict[str, Any]
    paths: Mapping[str, str]
    body: str
    rows: int

    @property
    def can_grow(self) -> bool:
        return self.shape == "list" and self.rows < MOST_ROWS


def read(given: Mapping[str, str]) -> ChoiceForm:
    """The form as `given` fills it; what is empty is left out of the object."""
    shape = given.get("as") or given.get("shape", "")
    shape = shape if shape in SHAPES else "button"
    body, header, footer = (given.get(name, "").strip() for name in ("body", "header", "footer"))
    paths = {f"{PATH}.{name}.text": name for name in ("body", "header", "footer")}
    paths |= {f"{PATH}.body": "body", "text": "body"}
    interactive: dict[str, Any] = {"type": shape, "body": {"text": body}}
    interactive |= {"header": {"type": "text", "text": header}} if header else {}
    interactive |= {"footer": {"text": footer}} if footer else {}
    count = _count(given)
    act = _buttons if shape == "button" else _list
    action, options = act(given, count, paths)
    words = (
        Input("body", _("Text"), body, most=1024 if shape == "button" else 4096, is_long=True),
        *options,
        Input("header", _("Title above the text"), header, most=60, is_required=False),
        Input("footer", _("Small print"), footer, most=60, is_required=False),
    )
    return ChoiceForm(
        shape=shape,
        inputs=words,
        interactive={**interactive, "action": action},
        paths=paths,
        body=body,
        rows=count,
    )


def _count(given: Mapping[str, str]) -> int:
    """How many rows the form shows: those it had, and one more where that was asked for."""
    asked = given.get("count", "")
    count = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 3 else FIRST_ROWS
    return max(FIRST_ROWS, min(count + (1 if "more" in given else 0), MOST_ROWS))


def _buttons(
    given: Mapping[str, str], _count: int, paths: dict[str, str]
) -> tuple[dict[str, Any], list[Input]]:
    path = f"{PATH}.action.buttons"
    buttons: list[dict[str, Any]] = []
    inputs = []
    for number in range(MOST_BUTTONS):
        name = f"title_{number}"
        title = given.get(name, "").strip()
        label = _("Button %(number)d") % {"number": number + 1}
        inputs.append(Input(name, label, title, most=20, is_required=number == 0))
        if title:
            paths[f"{path}.{len(buttons)}.reply.title"] = name
            reply = {"id": f"choice-{number + 1}", "title": title}
            buttons.append({"type": "reply", "reply": reply})
    paths[path] = "title_0"
    return {"buttons": buttons}, inputs


def _list(
    given: Mapping[str, str], count: int, paths: dict[str, str]
) -> tuple[dict[str, Any], list[Input]]:
    opener = given.get("opener", "").strip()
    path = f"{PATH}.action"
    paths |= {f"{path}.button": "opener", f"{path}.sections": "title_0"}
    inputs = [Input("opener", _("Button that opens the list"), opener, most=20)]
    sections: list[dict[str, Any]] = []
    for number in range(count):
        names = [f"{part}_{number}" for part in ("title", "about", "section")]
        title, about, section = (given.get(name, "").strip() for name in names)
        inputs += _row_inputs(number, title, about, section)
        if not (title or about):
            continue
        if section or not sections:
            paths[f"{path}.sections.{len(sections)}.title"] = names[2]
            sections.append({**({"title": section} if section else {}), "rows": []})
        at = f"{path}.sections.{len(sections) - 1}.rows.{len(sections[-1]['rows'])}"
        paths |= {f"{at}.title": names[0], f"{at}.description": names[1]}
        row = {"id": f"row-{number + 1}", "title": title}
        sections[-1]["rows"].append({**row, **({"description": about} if about else {})})
    return {"button": opener, "sections": sections}, inputs


def _row_inputs(number: int, title: str, about: str, section: str) -> list[Input]:
    heading = _("Row %(number)d") % {"number": number + 1}
    return [
        Input(
            f"title_{number}", _("Title"), title, most=24, is_required=number == 0, group=heading
        ),
        Input(f"about_{number}", _("About it"), about, most=72, is_required=False),
        Input(f"section_{number}", _("Begins the section"), section, most=24, is_required=False),
    ]
