"""What items say, one line each, for tables of samples that a person can read and check."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from messaging.items import (
    Amendment,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    Notice,
    Party,
    StatusUpdate,
)


def lines(items: Sequence[Item]) -> Iterator[str]:
    """One line an item: what it is, then `name=value` of all that is not empty."""
    for item in items:
        parts = [f"{name}={value}" for name, value in _facts(item).items() if value]
        yield " ".join([type(item).__name__, *parts])


def _facts(item: Item) -> dict[str, Any]:
    if isinstance(item, InboundMessage):
        return _of_message(item)
    if isinstance(item, Amendment):
        return {
            "kind": item.kind,
            "echo": item.echo,
            "by": _party(item.party),
            "sender": item.sender and _party(item.sender),
            "at": item.at,
            "targets": ",".join(item.targets),
            "text": item.text and repr(item.text),
            "emoji": item.emoji,
            "content": ",".join(sorted(item.content)),
        }
    if isinstance(item, StatusUpdate):
        return {
            "status": item.status,
            "of": item.provider_id,
            "channel": item.channel,
            "at": item.at,
            "recipient": item.recipient,
            "error": f"{item.error_code} {item.error_title}".strip(),
            "opaque": item.opaque,
            "category": (item.pricing or {}).get("category"),
        }
    if isinstance(item, Notice):
        return {"kind": item.kind, "channel": item.channel, "at": item.at, "effect": item.effect}
    assert isinstance(item, Ignored | Malformed)
    return {"kind": item.kind, "reason": repr(item.reason)}


def _of_message(item: InboundMessage) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "id": item.provider_id,
        "channel": item.channel,
        "echo": item.echo,
        "silent": item.is_silent,
        "placeholder": item.is_placeholder,
        "status": item.status,
        "by": _party(item.party),
        "sender": item.sender and _party(item.sender),
        "at": item.at,
        "reply_to": item.reply_to,
        "text": item.text and repr(item.text),
        "content": ",".join(sorted(item.content)),
        "media": "|".join(
            ",".join(filter(None, (m.kind, m.provider_id or m.url, m.mime_type, m.filename)))
            for m in item.media
        ),
        "change": item.change,
    }


def _party(party: Party) -> str:
    named = [f"{kind}:{value}" for kind, value in party.identities]
    return ",".join([*named, *filter(None, (repr(party.name) * bool(party.name), party.username))])
