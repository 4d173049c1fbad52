"""The account's templates: their list, and whether what is sent fits one. *Pure* but for one file.

Source: Cloud API reference, "Templates" and error codes 132000 to 132016.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from messaging.simulator.demands import a_list, a_string, an_object
from messaging.simulator.graph_errors import GraphError

FILE = Path(__file__).parent / "samples" / "templates.json"
VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Parameter texts may hold none of these.
BROKEN = re.compile(r"[\n\r\t]| {5,}")
COUNT, ABSENT, LONG, FORMAT = 132000, 132001, 132005, 132012
UNSENDABLE = {"PAUSED": 132015, "DISABLED": 132016}
HEADER_LIMIT, BODY_LIMIT = 60, 1024
FILES = frozenset({"IMAGE", "VIDEO", "DOCUMENT"})

Json = dict[str, Any]


# What became of templates since the start, by their ids.
Changes = Mapping[str, Json]
UNCHANGED: Changes = {}


@cache
def _listed_at_first() -> tuple[Json, ...]:
    return tuple(json.loads(FILE.read_text(encoding="utf-8")))


def known(changes: Changes = UNCHANGED) -> tuple[Json, ...]:
    """All templates, as Graph lists them."""
    return tuple(each | changes.get(each["id"], {}) for each in _listed_at_first())


def check(content: Any, changes: Changes = UNCHANGED) -> None:
    """Whether this template can be sent like this. Raises GraphError."""
    given = an_object("template", content, frozenset({"name", "language", "components"}))
    name = a_string("template['name']", given.get("name"), most=512)
    language = an_object("template['language']", given.get("language"))
    code = a_string("template['language']['code']", language.get("code"), most=20)
    template = _find(name, code, changes)
    components = given.get("components") or []
    parts = [
        an_object("template['components'][]", part)
        for part in a_list("template['components']", components, least=0, most=20)
    ]
    for part in template["components"]:
        CHECKS.get(part["type"], _nothing)(template, part, parts)


def shown(content: Any) -> str:
    """What the customer reads of a template that was accepted; "" where it is unknown here."""
    template = _named(content)
    if template is None:
        return ""
    given = _parameters(content.get("components") or [], "body")
    bodies = [part["text"] for part in template["components"] if part["type"] == "BODY"]
    return "".join(_filled(template, body, given, where="body") for body in bodies)


def buttons_of(content: Any) -> list[Json]:
    """The buttons of the template that `content` names."""
    template = _named(content)
    found = [part for part in (template or {}).get("components", ()) if part["type"] == "BUTTONS"]
    return [button for part in found for button in part["buttons"]]


def _named(content: Any) -> Json | None:
    given = content if isinstance(content, dict) else {}
    language = given.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    wanted = (given.get("name"), code)
    return next((each for each in known() if (each["name"], each["language"]) == wanted), None)


def _find(name: str, code: str, changes: Changes) -> Json:
    for template in known(changes):
        if template["name"] == name and template["language"] == code:
            if template["status"] in UNSENDABLE:
                raise GraphError(UNSENDABLE[template["status"]])
            if template["status"] == "APPROVED":
                return template
    raise GraphError(ABSENT, f"template name ({name}) does not exist in {code}")


def _body(template: Json, part: Json, given: list[Json]) -> None:
    filled = _filled(template, part["text"], _parameters(given, "body"), where="body")
    if len(filled) > BODY_LIMIT:
        raise GraphError(LONG, "Translated text too long.")


def _header(template: Json, part: Json, given: list[Json]) -> None:
    parameters = _parameters(given, "header")
    kind = part.get("format", "TEXT")
    if kind == "TEXT":
        if len(_filled(template, part["text"], parameters, where="header")) > HEADER_LIMIT:
            raise GraphError(LONG, "Translated text too long.")
        return
    _count(parameters, 1, where="header")
    parameter = parameters[0]
    if str(parameter.get("type", "")).upper() != kind:
        raise GraphError(
            FORMAT, f"header: Format mismatch, expected {kind}, received {parameter.get('type')}"
        )
    body = parameter.get(kind.lower())
    if not isinstance(body, dict):
        raise GraphError(FORMAT, f"header: Param {kind.lower()} is missing.")
    if kind in FILES and bool(body.get("id")) == bool(body.get("link")):
        raise GraphError(100, message="(#100) A header's file needs either an id or a link.")
    if kind == "LOCATION" and not {"latitude", "longitude"} <= body.keys():
        raise GraphError(131008, "Param location['latitude'] or ['longitude'] is missing.")


def _buttons(template: Json, part: Json, given: list[Json]) -> None:
    sent = {str(each.get("index")): each for each in given if each.get("type") == "button"}
    for index, button in enumerate(part["buttons"]):
        where = f"button at index {index}"
        mine = sent.pop(str(index), None)
        variables = VARIABLE.findall(button.get("url", ""))
        if button["type"] == "URL":
            _count(_listed(mine), len(variables), where=where)
        elif button["type"] == "COPY_CODE":
            _count(_listed(mine), 1, where=where)
        if mine is not None and str(mine.get("sub_type", "")).upper() != button["type"]:
            raise GraphError(FORMAT, f"{where}: sub_type should be {button['type'].lower()}")
    if sent:
        raise GraphError(131009, f"Button at index {min(sent)} of type Unknown does not exist.")


def _filled(template: Json, text: str, parameters: list[Json], *, where: str) -> str:
    """`text` with its variables replaced, each by the parameter that is its own."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    _count(parameters, len(names), where=where)
    is_named = template.get("parameter_format") == "NAMED"
    values: dict[str, str] = {}
    for place, parameter in enumerate(parameters, start=1):
        name = str(parameter.get("parameter_name", "")) if is_named else str(place)
        if parameter.get("type") != "text" or name not in names or name in values:
            raise GraphError(FORMAT, f"{where}: parameter {place} does not fit its format")
        values[name] = a_string(f"{where}['text']", parameter.get("text"), most=32_768)
        if BROKEN.search(values[name]):
            raise GraphError(
                132018, "Param text cannot have new-line/tab characters or more than 4 spaces."
            )
    return VARIABLE.sub(lambda found: values[found[1]], text)


def _parameters(given: list[Json], kind: str) -> list[Json]:
    own = [part for part in given if str(part.get("type", "")).lower() == kind]
    return _listed(own[0] if own else None)


def _listed(part: Json | None) -> list[Json]:
    value = (part or {}).get("parameters") or []
    parameters = a_list("parameters", value, least=0, most=100)
    return [an_object("parameters[]", each) for each in parameters]


def _count(parameters: list[Json], expected: int, *, where: str) -> None:
    if len(parameters) != expected:
        raise GraphError(
            COUNT,
            f"{where}: number of localizable_params ({len(parameters)}) does not match the "
            f"expected number of params ({expected})",
        )


def _nothing(_template: Json, _part: Json, _given: list[Json]) -> None:
    """A footer takes nothing."""


CHECKS = {"BODY": _body, "HEADER": _header, "BUTTONS": _buttons}
