"""From a template that somebody names, with its parameters, to a message that can leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from messaging.models import Channel
from messaging.providers.values import mapping, text
from outbound.models import MessageClass, MessageTemplate
from outbound.template_input import Problem, from_components, from_parameters, problems
from outbound.template_parameters import Filled, Shape, build, shape_of
from outbound.template_preview import preview, words_of

MISSING = "template_missing"
NOT_APPROVED = "template_not_approved"
PARAMETERS = "template_parameters"
CLASSES = {
    "UTILITY": MessageClass.UTILITY,
    "AUTHENTICATION": MessageClass.AUTHENTICATION,
}


@dataclass(eq=False)
class Unfit(Exception):
    """Why a template cannot be sent so: `code`, its `status` where that is the reason, and what
    is wrong with which parameter.
    """

    code: str
    status: str = ""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A template filled in: the message's text and content, and what it is for."""

    text: str
    content: dict[str, Any]
    message_class: MessageClass


def fill(channel: Channel, given: Mapping[str, Any]) -> Ready:
    """`given` is `{name, language, parameters}`, or the Cloud API's own object. Raises Unfit."""
    name, language = named(given)
    template = find(channel, name, language)
    if template is None:
        raise Unfit(MISSING)
    if template.status != "APPROVED":
        raise Unfit(NOT_APPROVED, status=template.status)
    shape = shape_of(template.components, template.parameter_format)
    filled = _filled(shape, given)
    found = problems(shape, filled)
    if found:
        raise Unfit(PARAMETERS, problems=tuple(found))
    return _ready(template, shape, filled)


def named(given: Mapping[str, Any]) -> tuple[str, str]:
    """Name and language, however they are given."""
    language = given.get("language")
    code = mapping(language).get("code") if isinstance(language, dict) else language
    return text(given.get("name")), text(code)


def find(channel: Channel, name: str, language: str) -> MessageTemplate | None:
    """The template of that name; one that was deleted only where there is no other."""
    rows = MessageTemplate.objects.filter(
        connection=channel.connection_id, name=name, language=language
    )
    return min(rows, key=lambda each: (each.status == "DELETED", -each.pk), default=None)


def class_of(category: str) -> MessageClass:
    """What a template of a category is for; of one that we do not know the strictest."""
    return CLASSES.get(category.upper(), MessageClass.MARKETING)


def _filled(shape: Shape, given: Mapping[str, Any]) -> Filled:
    if "components" in given:
        return from_components(shape, given["components"])
    return from_parameters(shape, given.get("parameters", {}))


def _ready(template: MessageTemplate, shape: Shape, filled: Filled) -> Ready:
    request: dict[str, Any] = {
        "name": template.name,
        "language": {"code": template.language},
    }
    if components := build(shape, filled):
        request["components"] = components
    shown = preview(template.components, filled.values)
    return Ready(
        text=words_of(shown),
        content={"template": request, "preview": shown},
        message_class=class_of(template.category),
    )
