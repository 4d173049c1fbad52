"""The questions Graph asks of any value, and its refusals in its own words. *Pure.*"""

from __future__ import annotations

from typing import Any

from messaging.simulator.graph_errors import GraphError

MISSING, INVALID, UNEXPECTED = 131008, 131009, 100


def an_object(name: str, value: Any, known: frozenset[str] | None = None) -> dict[str, Any]:
    """`value`, which must be one; of `known` keys only, where they are given."""
    if value is None:
        raise GraphError(MISSING, f"Param {name} is missing.")
    if not isinstance(value, dict):
        raise GraphError(INVALID, f"Param {name} must be a JSON object.")
    for key in value:
        if known is not None and key not in known:
            raise GraphError(
                UNEXPECTED, message=f'(#100) Unexpected key "{key}" on param "{name}".'
            )
    return value


def a_list(name: str, value: Any, *, least: int, most: int) -> list[Any]:
    """`value`, which must be one of that many."""
    if value is None:
        raise GraphError(MISSING, f"Param {name} is missing.")
    if not isinstance(value, list):
        raise GraphError(INVALID, f"Param {name} must be a list.")
    if not least <= len(value) <= most:
        raise GraphError(
            INVALID, f"{name} count invalid. Min allowed: {least}, Max allowed: {most}."
        )
    return value


def a_string(name: str, value: Any, *, most: int) -> str:
    """`value`, which must be some text of that length."""
    if value is None or value == "":
        raise GraphError(MISSING, f"Param {name} is missing.")
    if not isinstance(value, str):
        raise GraphError(INVALID, f"Param {name} must be a string.")
    if not value.strip():
        raise GraphError(INVALID, f"Param {name} must not be blank.")
    if len(value) > most:
        raise GraphError(INVALID, f"{name} length invalid. Min length: 1, Max length: {most}.")
    return value


def perhaps_a_string(name: str, value: Any, *, most: int) -> str:
    """The same of what may be left out."""
    return "" if value in (None, "") else a_string(name, value, most=most)


def a_url(name: str, value: Any) -> str:
    """An address with a host, of the web."""
    url = a_string(name, value, most=2000)
    scheme, separator, rest = url.partition("://")
    host = rest.split("/")[0].split("?")[0].split("#")[0]
    if scheme.lower() not in ("http", "https") or not separator or not host or " " in url:
        raise GraphError(INVALID, f"Param {name} is not a valid URL.")
    return url


def one_of(name: str, value: Any, known: frozenset[str]) -> str:
    if value is None:
        raise GraphError(MISSING, f"Param {name} is missing.")
    if not isinstance(value, str) or value not in known:
        names = ", ".join(sorted(known))
        raise GraphError(UNEXPECTED, message=f"(#100) Param {name} must be one of {{{names}}}.")
    return value
