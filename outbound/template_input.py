"""Parameters as people and programs give them → values by slot, and what is wrong with them; pure.

Two forms are understood: by part (`{"body": {"first_name": "Ana"}, "buttons": {"0": "42"}}`, lists
where a template counts its variables, and the body's variables alone), and the Cloud API's own
`components`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from messaging.providers.values import mapping, rows
from outbound.template_parameters import (
    BREAKS,
    MEDIA,
    SUB_TYPES,
    VARIABLE,
    WHOLE,
    WHOLE_BUTTONS,
    Filled,
    Shape,
    Slot,
    fill,
    longest_of,
    texts_of,
    texts_within,
)

PARTS = ("header", "body", "buttons")
FILE_KEYS = frozenset({"id", "link", "upload"})


def gettext_noop(message: str) -> str:
    """Mark for translation, as Django's does."""
    return message


_ = gettext_noop


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value; `sentence` is to be translated, then filled with `words`."""

    key: str
    sentence: str
    words: Mapping[str, Any] = field(default_factory=dict)


def from_parameters(shape: Shape, given: Any) -> Filled:
    """Values by slot from our own form."""
    found, surplus = {}, []
    for part, name, value in _named(shape, given):
        slot = shape.slot(f"{part}.{name}")
        if slot is None:
            surplus.append(f"{part}.{name}")
        else:
            found[slot.key] = _plain(slot, value)
    return Filled(values=found, surplus=tuple(surplus))


def from_components(shape: Shape, given: Any) -> Filled:
    """Values by slot from the Cloud API's form; what we do not derive is kept whole."""
    values: dict[str, Any] = {}
    whole: list[dict[str, Any]] = []
    surplus: list[str] = []
    for component in rows(given):
        kind = str(component.get("type", "")).lower()
        sub_type = str(component.get("sub_type", "")).lower()
        if kind.upper() in WHOLE or (kind == "button" and sub_type.upper() in WHOLE_BUTTONS):
            whole.append(component)
            continue
        for key, value in _parameters(kind, sub_type, component):
            slot = shape.slot(key)
            if slot is None or key in values:
                surplus.append(key)
            else:
                values[key] = _plain(slot, value)
    return Filled(values=values, whole=tuple(whole), surplus=tuple(surplus))


def problems(shape: Shape, filled: Filled) -> list[Problem]:
    """All that the provider would refuse, value by value."""
    found = [Problem(key, SURPLUS) for key in filled.surplus]
    for slot in shape.slots:
        if slot.key not in filled.values:
            found += [Problem(slot.key, MISSING)] if slot.required else []
        elif complaint := _complaint(slot, filled.values[slot.key]):
            found.append(Problem(slot.key, complaint))
    given = {_kind_of(component) for component in filled.whole}
    found += [Problem(kind.lower(), WHOLE_MISSING) for kind in sorted(shape.whole - given)]
    found += [Problem(kind.lower(), SURPLUS) for kind in sorted(given - shape.whole)]
    return found or list(_too_long(shape, filled))


def _named(shape: Shape, given: Any) -> Iterator[tuple[str, str, Any]]:
    """Every value with its part and name. A list gives the values in order."""
    if isinstance(given, list):
        given = {"body": given}
    given = mapping(given)
    is_by_part = all(
        name in PARTS and isinstance(value, dict | list) for name, value in given.items()
    )
    for part, values in given.items() if is_by_part else [("body", given)]:
        if isinstance(values, list):
            slots = [s for s in shape.slots if s.part == part and s.required]
            names = [slot.name for slot in slots]
            names += [str(place) for place in range(len(names) + 1, len(values) + 1)]
            yield from ((part, name, value) for name, value in zip(names, values, strict=False))
        elif part == "header" and not _names_its_kind(values):
            yield from _of_bare_header(shape, values)
        else:
            yield from ((part, str(name), value) for name, value in values.items())


def _names_its_kind(values: Mapping[str, Any]) -> bool:
    return not (values.keys() & FILE_KEYS or {"latitude", "longitude"} <= values.keys())


def _of_bare_header(shape: Shape, value: Any) -> Iterator[tuple[str, str, Any]]:
    """A file or place that does not say again what it is."""
    slot = next((s for s in shape.slots if s.part == "header" and s.kind != "text"), None)
    yield ("header", slot.name if slot else "media", value)


def _parameters(
    kind: str, sub_type: str, component: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    if kind == "button":
        index = str(component.get("index", "0"))
        is_known = sub_type in SUB_TYPES.values()
        for parameter in rows(component.get("parameters"))[:1]:
            value = parameter.get(str(parameter.get("type", "text")))
            yield (f"buttons.{index}" if is_known else f"buttons.{sub_type or index}", value)
        return
    for place, parameter in enumerate(rows(component.get("parameters")), start=1):
        given = str(parameter.get("type", "text")).lower()
        name = str(parameter.get("parameter_name") or place) if given == "text" else given
        yield (f"{kind}.{name}", parameter.get(given))


def _plain(slot: Slot, value: Any) -> Any:
    """Numbers as text; a button's value out of its object; an address as a link."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return str(value)
    if slot.part == "buttons" and isinstance(value, dict):
        return value.get("text", value.get("payload", value.get("coupon_code")))
    if slot.kind in MEDIA and isinstance(value, str):
        return {"link": value}
    return value


def _complaint(slot: Slot, value: Any) -> str:
    if slot.kind in MEDIA:
        return "" if _is_file(value) else NO_FILE
    if slot.kind == "location":
        return "" if _is_place(value) else NO_PLACE
    if not isinstance(value, str):
        return NO_TEXT
    if not value.strip():
        return EMPTY
    if BREAKS.search(value):
        return BROKEN
    return ""


def _is_file(value: Any) -> bool:
    """One of an id at the provider, an upload of ours, or a public address."""
    given = [name for name in FILE_KEYS if mapping(value).get(name)]
    if len(given) != 1:
        return False
    if given == ["link"]:
        return isinstance(value["link"], str) and value["link"].startswith("https://")
    return isinstance(value[given[0]], str | int) and not isinstance(value[given[0]], bool)


def _is_place(value: Any) -> bool:
    """Both coordinates, in range."""
    place = mapping(value)
    try:
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError):
        return False
    return abs(latitude) <= 90 and abs(longitude) <= 180


def _too_long(shape: Shape, filled: Filled) -> Iterator[Problem]:
    """Texts that are too long once they are filled."""
    for slot in texts_within(shape.slots):
        count, most = len(_filled(slot, filled)), longest_of(slot)
        if count > most:
            yield Problem(slot.key, TOO_LONG, {"most": most, "count": count})
    for slot in shape.slots:
        value = filled.values.get(slot.key)
        if slot.kind in ("payload", "coupon_code") and value and len(value) > longest_of(slot):
            yield Problem(slot.key, TOO_LONG, {"most": longest_of(slot), "count": len(value)})


def _filled(slot: Slot, filled: Filled) -> str:
    values = texts_of(slot.part, filled.values)
    if slot.kind == "url":
        return VARIABLE.sub(lambda _: values.get(slot.name, ""), slot.within)
    return fill(slot.within, values)


def _kind_of(component: Mapping[str, Any]) -> str:
    kind = str(component.get("type", "")).upper()
    return str(component.get("sub_type", "")).upper() if kind == "BUTTON" else kind


MISSING = _("This template needs a value here.")
SURPLUS = _("This template has no such place.")
EMPTY = _("Write something here: WhatsApp takes no empty value.")
BROKEN = _("WhatsApp takes no line breaks, tabs or more than four spaces in a row here.")
NO_TEXT = _("Give a text.")
NO_FILE = _("Give a file: an upload, an id at WhatsApp, or a link that begins with https.")
NO_PLACE = _("Give a place with latitude and longitude.")
WHOLE_MISSING = _("Give this part as “components”, in WhatsApp's own form.")
TOO_LONG = _("WhatsApp takes at most %(most)d characters here; filled in these are %(count)d.")
