"""Query parameters and pages of lists; what does not fit is 422 with the field's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response

from inbox.access import is_number
from inbox.api.errors import FieldErrors

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
LONGEST_TEXT = 200
ANSWERS = {"true": True, "1": True, "false": False, "0": False}
T = TypeVar("T")


def number(request: Request, name: str) -> int | None:
    """A whole number of zero or more, or None where it is not given."""
    value = request.query_params.get(name)
    if value is None or value == "":
        return None
    if not is_number(value):
        raise FieldErrors(**{name: "Give a whole number of zero or more."})
    return int(value)


def limit(request: Request) -> int:
    """How many results a page holds."""
    value = number(request, "limit")
    if value is None:
        return DEFAULT_LIMIT
    if not 1 <= value <= LARGEST_LIMIT:
        raise FieldErrors(limit=f"Give a number from 1 to {LARGEST_LIMIT}.")
    return value


def choice(request: Request, name: str, values: list[str]) -> str | None:
    """One of `values`, or None where it is not given."""
    value = request.query_params.get(name)
    if value is None:
        return None
    if value not in values:
        raise FieldErrors(**{name: f"Give one of: {', '.join(values)}."})
    return value


def word(request: Request, name: str) -> str:
    """A word that a column may hold, or "" where it is not given."""
    value = request.query_params.get(name, "")
    if "\0" in value:
        raise FieldErrors(**{name: "Give a word without NUL characters."})
    return value


def text(request: Request, name: str) -> str:
    """Words to look for, "" where none are given; Postgres keeps no NUL."""
    return request.query_params.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT]


def flag(request: Request, name: str) -> bool | None:
    """True or false, or None where it is not given."""
    value = choice(request, name, list(ANSWERS))
    return None if value is None else ANSWERS[value]


def page(
    request: Request, results: list[T], cursor: dict[str, Any], show: Callable[[T], Any]
) -> Response:
    """`{next, results}`; `next` is this address with `cursor` in place, or null where empty."""
    return Response({"next": next_url(request, cursor), "results": [show(row) for row in results]})


def next_url(request: Request, cursor: dict[str, Any]) -> str | None:
    """The address of the next page, or None where there is none."""
    if not cursor:
        return None
    params = request.query_params.copy()
    for name, value in cursor.items():
        params[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")
