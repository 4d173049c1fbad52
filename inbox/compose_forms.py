"""Messages that are composed in a form of their own: a place, buttons or a list, a reaction.

A form's fields become the content that `reply_content` checks; what is wrong there comes back
beside the field that says it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from inbox import cards, choice_forms, offers, places
from inbox.choice_forms import ChoiceForm, Input

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from inbox.cards import Place
    from inbox.offers import Offer

Given = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """What a form says so far: its inputs, and the content of the message it makes.

    `paths` are the inputs' names by the paths under which problems are told.
    """

    kind: str
    content: dict[str, Any]
    inputs: tuple[Input, ...]
    paths: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    place: Place | None = None
    offer: Offer | None = None
    choices: ChoiceForm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One of the forms."""

    title: _StrPromise
    submit: _StrPromise
    compose: Callable[[Given], Composed]


def composed(what: str, given: Given, errors: Mapping[str, Sequence[str]]) -> Composed:
    """The form `what` as `given` fills it, with errors of the use case beside its inputs."""
    form = KINDS[what].compose(given)
    by_name: dict[str, list[str]] = {}
    for path, sentences in errors.items():
        if path in form.paths:
            by_name.setdefault(form.paths[path], []).extend(sentences)
    inputs = tuple(each.told(by_name.get(each.name, ())) for each in form.inputs)
    return replace(form, inputs=inputs)


def general(form: Composed, errors: Mapping[str, Sequence[str]]) -> list[str]:
    """What stands beside no input."""
    return [
        each for path, sentences in errors.items() if path not in form.paths for each in sentences
    ]


def _location(given: Given) -> Composed:
    link = given.get("link", "").strip()
    found = places.coordinates_in(link)
    values = {name: given.get(name, "").strip() for name in ("latitude", "longitude")}
    if found and (given.get("from") == "link" or not any(values.values())):
        values = dict(zip(values, found, strict=True))
    values = {name: value.replace(",", ".") for name, value in values.items()}
    values["name"] = given.get("name", "").strip() or places.name_in(link)
    values["address"] = given.get("address", "").strip()
    location = {name: value for name, value in values.items() if value}
    inputs = (
        Input("latitude", _("Latitude"), values["latitude"], mode="decimal", most=24),
        Input("longitude", _("Longitude"), values["longitude"], mode="decimal", most=24),
        Input("name", _("Name of the place"), values["name"], is_required=False),
        Input("address", _("Address of the place"), values["address"], is_required=False),
    )
    place = cards.place_of(location)
    return Composed(
        kind="location",
        content={"location": location},
        inputs=inputs,
        paths={f"content.location.{each.name}": each.name for each in inputs},
        place=place if place.coordinates else None,
    )


def _choices(given: Given) -> Composed:
    form = choice_forms.read(given)
    return Composed(
        kind="interactive",
        content={"interactive": form.interactive},
        inputs=form.inputs,
        paths=form.paths,
        text=form.body,
        offer=offers.offer_of(form.interactive),
        choices=form,
    )


def _reaction(given: Given) -> Composed:
    emoji = given.get("emoji", "").strip()
    return Composed(
        kind="reaction",
        content={"reaction": {"emoji": emoji}},
        inputs=(Input("emoji", _("Emoji"), emoji, most=64, is_required=False),),
        paths={"content.reaction.emoji": "emoji"},
    )


KINDS: dict[str, Kind] = {
    "location": Kind(title=_("Location"), submit=_("Send location"), compose=_location),
    "choices": Kind(title=_("Buttons or a list"), submit=_("Send"), compose=_choices),
    "reaction": Kind(title=_("Reaction"), submit=_("React"), compose=_reaction),
}
