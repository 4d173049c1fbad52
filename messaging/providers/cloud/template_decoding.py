"""`GET /{waba}/message_templates` → templates; pure.

Source: Graph API, "WhatsApp Business Account › Message templates".
"""

from __future__ import annotations

from typing import Any

import msgspec

from messaging.providers.values import Undecodable, mapping, parse, rows, text


class ListedTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as the provider has it now; words are its own."""

    provider_id: str
    name: str
    language: str
    category: str
    status: str
    quality: str
    reason: str
    parameter_format: str
    components: list[dict[str, Any]]


class TemplatePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of an account's templates, and the cursor of those after them; "" where none are."""

    templates: tuple[ListedTemplate, ...]
    after: str = ""


def decode_page(content: bytes) -> TemplatePage | None:
    """One page; None where it is none, or does not say how to go on."""
    try:
        body = mapping(parse(content))
    except Undecodable:
        return None
    if not isinstance(body.get("data"), list):
        return None
    paging = mapping(body.get("paging"))
    after = text(mapping(paging.get("cursors")).get("after"))
    # A last page has a cursor too, and no page after it.
    has_next = bool(paging.get("next"))
    if has_next and not after:
        return None
    return TemplatePage(
        templates=tuple(
            found for each in rows(body["data"]) if (found := _template(each)).provider_id
        ),
        after=after if has_next else "",
    )


def _template(given: dict[str, Any]) -> ListedTemplate:
    score = given.get("quality_score")
    reason = text(given.get("rejected_reason"))
    return ListedTemplate(
        provider_id=text(given.get("id"), most=64),
        name=text(given.get("name"), most=512),
        language=text(given.get("language"), most=20),
        category=text(given.get("category"), most=40),
        status=text(given.get("status"), most=40),
        quality=text(mapping(score).get("score") or score, most=20),
        reason="" if reason == "NONE" else reason,
        parameter_format=text(given.get("parameter_format"), most=12),
        components=rows(given.get("components")),
    )
