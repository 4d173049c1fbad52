"""What the customer sees of a template that was filled in; pure."""

from __future__ import annotations

from typing import Any

from messaging.providers.values import mapping, rows, text
from outbound.template_parameters import VARIABLE, Values, fill, texts_of


def preview(components: Any, values: Values) -> dict[str, Any]:
    """`{header, body, footer, buttons}`, each only where the template has it.

    `header` is `{"format": "text", "text": …}` or names a file or place; a button is
    `{"type", "text"}` with `url`, `phone_number` or `code` where pressing it leads there.
    """
    found: dict[str, Any] = {}
    for component in rows(components):
        kind = text(component.get("type")).upper()
        if kind == "HEADER":
            found["header"] = _header(component, values)
        elif kind == "BODY":
            found["body"] = fill(text(component.get("text")), texts_of("body", values))
        elif kind == "FOOTER":
            found["footer"] = text(component.get("text"))
        elif kind == "BUTTONS":
            buttons = enumerate(rows(component.get("buttons")))
            found["buttons"] = [_button(index, each, values) for index, each in buttons]
    return found


def words_of(shown: dict[str, Any]) -> str:
    """The text of a filled template, for search and lists: its body."""
    return text(shown.get("body")) or text(mapping(shown.get("header")).get("text"))


def _header(component: dict[str, Any], values: Values) -> dict[str, Any]:
    kind = text(component.get("format")).lower() or "text"
    if kind == "text":
        return {
            "format": kind,
            "text": fill(text(component.get("text")), texts_of("header", values)),
        }
    return {"format": kind, kind: values.get(f"header.{kind}", {})}


def _button(index: int, button: dict[str, Any], values: Values) -> dict[str, Any]:
    shown = {"type": text(button.get("type")).lower(), "text": text(button.get("text"))}
    value = values.get(f"buttons.{index}", "")
    url = text(button.get("url"))
    if url:
        shown["url"] = VARIABLE.sub(lambda _: str(value), url)
    if phone := text(button.get("phone_number")):
        shown["phone_number"] = phone
    if shown["type"] == "copy_code" and value:
        shown["code"] = str(value)
    return shown
