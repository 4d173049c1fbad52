"""Chats from before the number came to us → silent messages; pure.

Source: Cloud API, "WhatsApp Business app users › history webhook".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from messaging.items import Item, Malformed, Notice, Party
from messaging.providers.cloud import messages
from messaging.providers.cloud.people import identities, identity, keyed
from messaging.providers.cloud.place import Place, digits
from messaging.providers.values import mapping, rows, text

# What became of a message of ours, in the ladder's words.
STATUSES = {"delivered": "delivered", "read": "read", "played": "played", "error": "failed"}


def decode(place: Place, chunks: list[Any]) -> Iterator[Item]:
    """Every message of every thread; what is no message (progress, a refusal) is news."""
    for chunk in chunks:
        if not isinstance(chunk, dict):
            yield Malformed(kind="history", reason="the chunk is no object", payload=chunk)
            continue
        threads = chunk.get("threads")
        if not isinstance(threads, list) or not threads:
            yield Notice(kind="history", payload=chunk, channel=place.channel)
            continue
        for thread in threads:
            yield from _thread(place, thread)


def _thread(place: Place, thread: Any) -> Iterator[Item]:
    found = mapping(thread).get("messages")
    if not isinstance(found, list):
        yield Malformed(kind="history", reason="the thread has no messages", payload=thread)
        return
    party = _party(place, mapping(thread))
    for raw in found:
        if not isinstance(raw, dict):
            yield Malformed(kind="message", reason="the message is no object", payload=raw)
            continue
        status = text(mapping(raw.get("history_context")).get("status")).lower()
        yield messages.decode(
            place,
            raw,
            echo=_is_ours(place, raw, party),
            is_silent=True,
            party=party,
            status=STATUSES.get(status, "sent"),
        )


def _party(place: Place, thread: dict[str, Any]) -> Party:
    """The thread's id is the customer's number; newer ones bring more ids beside it."""
    found = [identity(thread.get("id"))]
    found += identities(mapping(thread.get("context")), ("wa_id", "user_id", "parent_user_id"))
    ids = tuple(dict.fromkeys(each for each in found if each))
    names = [
        text(mapping(entry.get("profile")).get("name"), most=200)
        for entry in rows(place.people)
        if identity(entry.get("wa_id")) in ids
    ]
    return Party(identities=ids, name=next(iter(names), ""))


def _is_ours(place: Place, raw: dict[str, Any], party: Party) -> bool:
    """Written on the business's phone: from its number, or else from nobody of the thread."""
    writer = digits(raw.get("from"))
    if writer and writer == place.own_number:
        return True
    found = identity(raw.get("from"))
    return found is not None and keyed(found) not in {keyed(each) for each in party.identities}
