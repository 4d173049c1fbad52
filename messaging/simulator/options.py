"""What a customer can press below a message of the team, and what their phone sends then. *Pure.*

Source: Cloud API reference, "Webhooks › interactive messages" and "button messages".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from messaging.simulator import templates

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`answer` is the content of the message that pressing it sends; without one it is a link."""

    title: str
    about: str = ""
    answer: Json | None = None


def options_of(kind: str, content: Any) -> tuple[Option, ...]:
    """In the order they are shown; `content` was accepted, or comes from an old ledger."""
    if not isinstance(content, dict):
        return ()
    try:
        if kind == "template":
            return tuple(_of_template(content))
        if kind == "interactive":
            return tuple(OFFERS.get(content.get("type", ""), _none)(content["action"]))
    except (AttributeError, KeyError, TypeError):
        return ()  # kept before shapes were checked
    return ()


def _buttons(action: Json) -> Iterator[Option]:
    for button in action["buttons"]:
        yield Option(
            title=button["reply"]["title"], answer=_pressed("button_reply", button["reply"])
        )


def _rows(action: Json) -> Iterator[Option]:
    for section in action["sections"]:
        for row in section["rows"]:
            about = row.get("description", "")
            yield Option(title=row["title"], about=about, answer=_pressed("list_reply", row))


def _link(action: Json) -> Iterator[Option]:
    yield Option(title=action["parameters"]["display_text"], about=action["parameters"]["url"])


def _place(_action: Json) -> Iterator[Option]:
    yield Option(title="Send location", answer={"type": "location"})


def _none(_action: Json) -> Iterator[Option]:
    return iter(())


def _of_template(content: Json) -> Iterator[Option]:
    """Quick replies send their payload, or their text where the sender named none."""
    payloads = {
        str(part.get("index")): part["parameters"][0].get("payload")
        for part in content.get("components") or []
        if part.get("type") == "button" and part.get("parameters")
    }
    for index, button in enumerate(templates.buttons_of(content)):
        text = button["text"]
        pressed = {"payload": payloads.get(str(index)) or text, "text": text}
        is_reply = button["type"] == "QUICK_REPLY"
        yield Option(title=text, answer={"type": "button", "button": pressed} if is_reply else None)


def _pressed(kind: str, choice: Json) -> Json:
    return {"type": "interactive", "interactive": {"type": kind, kind: choice}}


OFFERS: dict[str, Callable[[Json], Iterator[Option]]] = {
    "button": _buttons,
    "list": _rows,
    "cta_url": _link,
    "location_request_message": _place,
}
