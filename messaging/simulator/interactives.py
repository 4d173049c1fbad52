"""Messages with something to press, as strictly as Graph reads them. *Pure.*

Source: Cloud API reference, "Interactive messages" and its pages for each type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messaging.simulator.demands import (
    INVALID,
    MISSING,
    a_list,
    a_string,
    a_url,
    an_object,
    one_of,
    perhaps_a_string,
)
from messaging.simulator.graph_errors import GraphError

KEYS = frozenset({"type", "header", "body", "footer", "action"})
HEADERS = frozenset({"text", "image", "video", "document"})
BODY_LIMITS = {"list": 4096}
BODY_LIMIT = 1024
SHORT = 60
# Types that stand without a body of their own.
BODILESS = frozenset({"product"})
# Types that have no header, or of one kind only.
HEADERS_OF = {
    "list": frozenset({"text"}),
    "product_list": frozenset({"text"}),
    "product": frozenset[str](),
    "location_request_message": frozenset[str](),
}


def interactive(content: Any) -> None:
    given = an_object("interactive", content, KEYS)
    kind = one_of("interactive['type']", given.get("type"), frozenset(ACTIONS))
    if given.get("header") is not None:
        _header(kind, given["header"])
    if given.get("body") is not None or kind not in BODILESS:
        body = an_object("interactive['body']", given.get("body"), frozenset({"text"}))
        most = BODY_LIMITS.get(kind, BODY_LIMIT)
        a_string("interactive['body']['text']", body.get("text"), most=most)
    if given.get("footer") is not None:
        if kind == "location_request_message":
            raise GraphError(INVALID, "A location request has no footer.")
        footer = an_object("interactive['footer']", given["footer"], frozenset({"text"}))
        a_string("interactive['footer']['text']", footer.get("text"), most=SHORT)
    ACTIONS[kind](an_object("interactive['action']", given.get("action")))


def _header(kind: str, value: Any) -> None:
    header = an_object("interactive['header']", value)
    allowed = HEADERS_OF.get(kind, HEADERS)
    sort = one_of("interactive['header']['type']", header.get("type"), allowed)
    if sort == "text":
        a_string("interactive['header']['text']", header.get("text"), most=SHORT)
        return
    path = f"interactive['header']['{sort}']"
    file = an_object(path, header.get(sort), frozenset({"id", "link", "filename"}))
    if bool(file.get("id")) == bool(file.get("link")):
        raise GraphError(100, message=f"(#100) Param {path} needs either an id or a link.")
    if file.get("link"):
        a_url(f"{path}['link']", file["link"])


def _buttons(action: dict[str, Any]) -> None:
    seen: set[str] = set()
    for index, value in enumerate(a_list("buttons", action.get("buttons"), least=1, most=3)):
        button = an_object(f"buttons[{index}]", value, frozenset({"type", "reply"}))
        one_of(f"buttons[{index}]['type']", button.get("type"), frozenset({"reply"}))
        reply = an_object(
            f"buttons[{index}]['reply']", button.get("reply"), frozenset({"id", "title"})
        )
        name = a_string("Button id", reply.get("id"), most=256)
        title = a_string("Button title", reply.get("title"), most=20)
        if not seen.isdisjoint({f"id {name}", f"title {title}"}):
            raise GraphError(INVALID, "Button ids and titles must be unique.")
        seen |= {f"id {name}", f"title {title}"}


def _list(action: dict[str, Any]) -> None:
    a_string("Action button", action.get("button"), most=20)
    sections = a_list("sections", action.get("sections"), least=1, most=10)
    ids: list[str] = []
    for index, value in enumerate(sections):
        section = an_object(f"sections[{index}]", value, frozenset({"title", "rows"}))
        title = perhaps_a_string("Section title", section.get("title"), most=24)
        if not title and len(sections) > 1:
            raise GraphError(MISSING, "Section titles are required for more than one section.")
        rows = a_list(f"sections[{index}]['rows']", section.get("rows"), least=1, most=10)
        ids += [_row(f"sections[{index}]['rows']", row) for row in rows]
    if len(ids) > 10:
        raise GraphError(INVALID, f"Total row count exceed max allowed count: 10 ({len(ids)}).")
    if len(set(ids)) < len(ids):
        raise GraphError(INVALID, "Row ids must be unique.")


def _row(path: str, value: Any) -> str:
    row = an_object(path, value, frozenset({"id", "title", "description"}))
    a_string("Row title", row.get("title"), most=24)
    perhaps_a_string("Row description", row.get("description"), most=72)
    return a_string("Row id", row.get("id"), most=200)


def _link(action: dict[str, Any]) -> None:
    one_of("action['name']", action.get("name"), frozenset({"cta_url"}))
    known = frozenset({"display_text", "url"})
    given = an_object("action['parameters']", action.get("parameters"), known)
    a_string("CTA display_text", given.get("display_text"), most=20)
    a_url("CTA url", given.get("url"))


def _named(name: str) -> Callable[[dict[str, Any]], None]:
    def check(action: dict[str, Any]) -> None:
        one_of("action['name']", action.get("name"), frozenset({name}))

    return check


def _anything(_action: dict[str, Any]) -> None:
    """Catalogues are not played here."""


ACTIONS: dict[str, Callable[[dict[str, Any]], None]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _link,
    "location_request_message": _named("send_location"),
    "request_contact_info": _named("request_contact_info"),
    "flow": _named("flow"),
    "address_message": _named("address_message"),
    "catalog_message": _named("catalog_message"),
    "call_permission_request": _named("call_permission_request"),
    "voice_call": _named("voice_call"),
    "product": _anything,
    "product_list": _anything,
    "carousel": _anything,
}
