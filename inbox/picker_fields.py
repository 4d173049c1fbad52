"""The inputs of a template's form, and what was written into them; pure.

They are named by their places: `p.body.1`; a place on the map has one for each of its parts:
`p.header.location.latitude`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.template_parameters import MEDIA, Slot, longest_of
from outbound.upload_rules import RULES

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

PREFIX = "p."
PLACE = ("latitude", "longitude", "name", "address")
FILE_LABELS: dict[str, _StrPromise] = {
    "image": _("Picture"),
    "video": _("Video"),
    "document": _("Document"),
}
PLACE_LABELS: dict[str, _StrPromise] = {
    "latitude": _("Latitude"),
    "longitude": _("Longitude"),
    "name": _("Name of the place"),
    "address": _("Address of the place"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One input; `errors` only once somebody tried to send.

    With `file`, the kind of it, it is a choice of one: an upload of ours, or `value`, its address.
    """

    name: str
    label: str
    value: str
    example: str = ""
    mode: str = "text"
    longest: int = 2000
    is_required: bool = True
    errors: tuple[str, ...] = ()
    file: str = ""
    upload: str = ""

    @property
    def accept(self) -> str:
        """What a browser offers to choose from; what is taken is decided by the bytes."""
        return ",".join(sorted(RULES[self.file].mime_types))

    @property
    def allowed(self) -> str:
        """What may be chosen, for people."""
        rule = RULES[self.file]
        size = gettext("up to %(size)s") % {"size": filesizeformat(rule.largest_bytes)}
        return ", ".join(filter(None, [rule.names, size]))

    @property
    def html_id(self) -> str:
        return "picker-" + re.sub(r"[^\w-]", "-", self.name)


def value_of(slot: Slot, given: Mapping[str, str]) -> Any:
    """What a form says of a place; empty where it says nothing."""
    name = PREFIX + slot.key
    if slot.kind in MEDIA and (upload := given.get(f"{name}.upload", "")).isdecimal():
        return {"upload": int(upload)}
    if slot.kind != "location":
        return given.get(name, "").strip()
    place = {part: given.get(f"{name}.{part}", "").strip() for part in PLACE}
    return {part: value for part, value in place.items() if value}


def fields_of(
    slot: Slot, given: Mapping[str, str], errors: Mapping[str, Sequence[str]]
) -> list[Field]:
    """The inputs that one place needs."""
    name = PREFIX + slot.key
    said = tuple(errors.get(f"template.parameters.{slot.key}", ()))
    if slot.kind == "location":
        return [
            Field(
                name=f"{name}.{part}",
                label=str(PLACE_LABELS[part]),
                value=given.get(f"{name}.{part}", ""),
                mode="decimal" if part in PLACE[:2] else "text",
                is_required=part in PLACE[:2],
                errors=said if part == PLACE[0] else (),
            )
            for part in PLACE
        ]
    return [
        Field(
            name=name,
            label=_label(slot),
            value=given.get(name, ""),
            example=slot.example,
            mode="url" if slot.kind in MEDIA else "text",
            longest=2000 if slot.kind in MEDIA else longest_of(slot),
            is_required=slot.required,
            errors=said,
            file=slot.kind if slot.kind in MEDIA else "",
            upload=given.get(f"{name}.upload", "") if slot.kind in MEDIA else "",
        )
    ]


def _label(slot: Slot) -> str:
    if slot.kind in FILE_LABELS:
        return str(FILE_LABELS[slot.kind])
    if slot.part == "buttons":
        return _button_label(slot)
    name = slot.name.replace("_", " ").strip().capitalize()
    if slot.part == "header":
        return gettext("Title: %(name)s") % {"name": name}
    return gettext("Blank %(name)s") % {"name": name} if slot.name.isdecimal() else name


def _button_label(slot: Slot) -> str:
    number = {"number": int(slot.name) + 1, "within": slot.within}
    if slot.kind == "url":
        return gettext("Button %(number)d: end of its address %(within)s") % number
    if slot.kind == "coupon_code":
        return gettext("Button %(number)d: code to copy") % number
    return gettext("Button “%(within)s”: what you get when it is pressed") % number
