"""What a message template needs filled in, whether it was, and the request made of it; pure.

All of it follows from the template's own components, as the provider lists them.
Source: Cloud API, "Message templates › Components" and "Messages › Template messages".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from messaging.providers.values import mapping, rows, text

VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
# Refused by the provider with 132018: parameters must stay in their line.
BREAKS = re.compile(r"[\n\r\t\v\f\u2028\u2029]| {5,}")
LONGEST = {"body": 1024, "header": 60, "url": 2000, "payload": 256, "coupon_code": 20}
MEDIA = frozenset({"image", "video", "document"})
# Components whose parameters we do not derive: they travel as they were given, or not at all.
WHOLE = frozenset({"CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST", "ORDER_DETAILS"})
WHOLE_BUTTONS = frozenset({"FLOW", "CATALOG", "MPM", "SPM", "ORDER_DETAILS", "VOICE_CALL"})
# Buttons that take a value, by their kind in the template.
BUTTONS = {
    "URL": "url",
    "OTP": "url",
    "QUICK_REPLY": "payload",
    "COPY_CODE": "coupon_code",
}
SUB_TYPES = {"url": "url", "payload": "quick_reply", "coupon_code": "copy_code"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One place to fill. `key` names it: `body.first_name`, `header.image`, `buttons.0`.

    `within` is the text that it stands in; a slot that is not `required` has a default at the
    provider.
    """

    part: str
    kind: str
    name: str
    within: str = ""
    example: str = ""
    required: bool = True

    @property
    def key(self) -> str:
        return f"{self.part}.{self.name}"


# By key: text, or for media and places an object.
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A template as far as filling goes. `whole`: kinds of components that we do not derive."""

    slots: tuple[Slot, ...]
    is_named: bool = False
    whole: frozenset[str] = frozenset()

    def slot(self, key: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Values by slot, components given whole, and keys that fit nothing."""

    values: Values = field(default_factory=dict)
    whole: tuple[dict[str, Any], ...] = ()
    surplus: tuple[str, ...] = ()


def shape_of(components: Any, parameter_format: str = "") -> Shape:
    """What is to be filled in, in the order of the template."""
    slots: list[Slot] = []
    whole: set[str] = set()
    for component in rows(components):
        kind = text(component.get("type")).upper()
        if kind == "HEADER":
            slots += _of_header(component)
        elif kind == "BODY":
            slots += _of_text("body", component)
        elif kind == "BUTTONS":
            buttons = list(enumerate(rows(component.get("buttons"))))
            slots += [slot for index, each in buttons for slot in _of_button(index, each)]
            whole |= {text(each.get("type")).upper() for _, each in buttons} & WHOLE_BUTTONS
        elif kind in WHOLE:
            whole.add(kind)
    is_named = parameter_format.upper() == "NAMED" or any(
        slot.kind == "text" and not slot.name.isdecimal() for slot in slots
    )
    return Shape(slots=tuple(slots), is_named=is_named, whole=frozenset(whole))


def build(shape: Shape, filled: Filled) -> list[dict[str, Any]]:
    """The `components` of a request, in the order the provider documents."""
    found: list[dict[str, Any]] = []
    for part in ("header", "body"):
        slots = [s for s in shape.slots if s.part == part and s.key in filled.values]
        if slots:
            parameters = [_parameter(shape, slot, filled.values[slot.key]) for slot in slots]
            found.append({"type": part, "parameters": parameters})
    pressed = [s for s in shape.slots if s.part == "buttons" and s.key in filled.values]
    found += [_button(slot, filled.values[slot.key]) for slot in pressed]
    return [*found, *filled.whole]


def fill(within: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced; what has no value stays as it is."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), within)


def texts_of(part: str, values: Values) -> dict[str, str]:
    """The text values of one part, by the names its text uses."""
    return {
        key.partition(".")[2]: value
        for key, value in values.items()
        if key.startswith(f"{part}.") and isinstance(value, str)
    }


def _of_header(component: Mapping[str, Any]) -> list[Slot]:
    kind = text(component.get("format")).lower() or "text"
    if kind == "text":
        return _of_text("header", component)
    if kind in MEDIA or kind == "location":
        return [Slot(part="header", kind=kind, name=kind)]
    return []


def _of_text(part: str, component: Mapping[str, Any]) -> list[Slot]:
    within = text(component.get("text"))
    examples = _examples(part, component)
    names = list(dict.fromkeys(VARIABLE.findall(within)))
    if all(name.isdecimal() for name in names):
        names.sort(key=int)
    return [
        Slot(
            part=part,
            kind="text",
            name=name,
            within=within,
            example=examples.get(name, ""),
        )
        for name in names
    ]


def _examples(part: str, component: Mapping[str, Any]) -> dict[str, str]:
    given = mapping(component.get("example"))
    named = {
        text(each.get("param_name")): text(each.get("example"))
        for each in rows(given.get(f"{part}_text_named_params"))
    }
    listed = given.get(f"{part}_text")
    if isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]
    positional = listed if isinstance(listed, list) else []
    return {str(place): text(each) for place, each in enumerate(positional, start=1)} | named


def _of_button(index: int, button: Mapping[str, Any]) -> list[Slot]:
    given = text(button.get("type")).upper()
    kind = BUTTONS.get(given)
    if kind is None:
        return []
    url = text(button.get("url"))
    if given == "URL" and not VARIABLE.search(url):
        return []
    examples = button.get("example")
    example = examples[0] if isinstance(examples, list) and examples else examples
    return [
        Slot(
            part="buttons",
            kind=kind,
            name=str(index),
            within=url if kind == "url" else text(button.get("text")),
            example=text(example),
            required=kind != "payload",
        )
    ]


def _parameter(shape: Shape, slot: Slot, value: Any) -> dict[str, Any]:
    if slot.kind != "text":
        return {"type": slot.kind, slot.kind: value}
    name = {"parameter_name": slot.name} if shape.is_named else {}
    return {"type": "text", **name, "text": value}


def _button(slot: Slot, value: str) -> dict[str, Any]:
    kind = "text" if slot.kind == "url" else slot.kind
    return {
        "type": "button",
        "sub_type": SUB_TYPES[slot.kind],
        "index": slot.name,
        "parameters": [{"type": kind, kind: value}],
    }


def longest_of(slot: Slot) -> int:
    """How long the text may become in which `slot` is filled."""
    return LONGEST[slot.part if slot.kind == "text" else slot.kind]


def texts_within(slots: Iterable[Slot]) -> Sequence[Slot]:
    """One slot for each text that is filled: all variables of a part share theirs."""
    seen: dict[tuple[str, str], Slot] = {}
    for slot in slots:
        if slot.kind in {"text", "url"}:
            seen.setdefault((slot.part, slot.within), slot)
    return list(seen.values())
