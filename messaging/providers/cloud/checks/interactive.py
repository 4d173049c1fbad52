"""Messages with something to press."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks import choices
from messaging.providers.cloud.checks.files import check_source
from messaging.providers.cloud.checks.paths import Found

LONGEST_HEADER = 60
LONGEST_FOOTER = 60
LONGEST_BODY = 1024
LONGEST_LIST_BODY = 4096
ANY_HEADER = frozenset({"text", "image", "video", "document"})
PATH = "content.interactive"
PARTS = frozenset({"type", "header", "body", "footer", "action"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one type of interactive message consists of."""

    check_action: Callable[[Found, str, dict[str, Any]], None]
    body: int = LONGEST_BODY
    headers: frozenset[str] = ANY_HEADER
    has_footer: bool = True
    may_lack_body: bool = False


# Source: the page of each type. Those without a check of their own pass as they are.
SHAPES = {
    "button": Shape(check_action=choices.check_buttons),
    "list": Shape(
        check_action=choices.check_list, body=LONGEST_LIST_BODY, headers=frozenset({"text"})
    ),
    "cta_url": Shape(check_action=choices.check_link),
    "location_request_message": Shape(
        check_action=choices.named("send_location"), headers=frozenset(), has_footer=False
    ),
    "request_contact_info": Shape(check_action=choices.named("request_contact_info")),
    "flow": Shape(check_action=choices.named("flow", with_parameters=True)),
    "address_message": Shape(check_action=choices.named("address_message", with_parameters=True)),
    "catalog_message": Shape(check_action=choices.named("catalog_message")),
    "product": Shape(check_action=choices.anything, headers=frozenset(), may_lack_body=True),
    "product_list": Shape(check_action=choices.anything, headers=frozenset({"text"})),
    "carousel": Shape(check_action=choices.anything),
    "voice_call": Shape(check_action=choices.named("voice_call")),
    "call_permission_request": Shape(check_action=choices.named("call_permission_request")),
}


def check_interactive(found: Found, _text: str, body: Any) -> None:
    """Source: "Interactive messages". The message's text is its body's, so it needs no check."""
    given = found.object(PATH, body, PARTS)
    if given is None:
        return
    name = given.get("type")
    shape = SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        known = ", ".join(SHAPES)
        found.add(f"{PATH}.type", _("This must be one of: %(known)s.") % {"known": known})
        return
    _check_parts(found, shape, given)
    action = found.object(f"{PATH}.action", given.get("action"))
    if action is not None:
        shape.check_action(found, f"{PATH}.action", action)


def _check_parts(found: Found, shape: Shape, given: dict[str, Any]) -> None:
    _check_header(found, shape, given.get("header"))
    if given.get("body") is not None or not shape.may_lack_body:
        part = found.object(f"{PATH}.body", given.get("body"), {"text"})
        if part is not None:
            found.words(f"{PATH}.body.text", part.get("text"), most=shape.body)
    if given.get("footer") is None:
        return
    if not shape.has_footer:
        found.stranger(f"{PATH}.footer")
        return
    part = found.object(f"{PATH}.footer", given["footer"], {"text"})
    if part is not None:
        found.words(f"{PATH}.footer.text", part.get("text"), most=LONGEST_FOOTER)


def _check_header(found: Found, shape: Shape, value: Any) -> None:
    path = f"{PATH}.header"
    if value is None:
        return
    if not shape.headers:
        found.stranger(path)
        return
    header = found.object(path, value)
    if header is None:
        return
    kind = header.get("type")
    if not isinstance(kind, str) or kind not in shape.headers:
        known = ", ".join(sorted(shape.headers))
        found.add(f"{path}.type", _("This must be one of: %(known)s.") % {"known": known})
        return
    for name in set(header) - {"type", kind}:
        found.stranger(f"{path}.{name}")
    if kind == "text":
        found.words(f"{path}.text", header.get("text"), most=LONGEST_HEADER)
    else:
        _check_file(found, f"{path}.{kind}", header.get(kind))


def _check_file(found: Found, path: str, value: Any) -> None:
    file = found.object(path, value, {"id", "link", "filename"})
    if file is None:
        return
    check_source(found, path, file, frozenset({"id", "link"}))
