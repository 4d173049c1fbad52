"""What was done later to a message in WAHA: edits, revokes and reactions; pure.

Source: WAHA, "Events › message.edited, message.revoked, message.reaction".
"""

from __future__ import annotations

import hashlib
from typing import Any

from messaging.items import Amendment, Ignored, Item, Malformed
from messaging.providers.values import mapping, text
from messaging.providers.waha.chats import MOST_ID, bare_of, id_of, targets_of
from messaging.providers.waha.event import Event

Json = dict[str, Any]  # Any: JSON of a stranger's making


def reaction(event: Event) -> Item:
    """An emoji on a message; none where it was taken back."""
    raw: Json = event.payload
    own = mapping(raw.get("reaction"))
    if not own:
        return Malformed(kind="reaction", reason="the event holds no reaction", payload=raw)
    own_id = id_of(raw.get("id"))
    said = {"provider_id": own_id, "emoji": text(own.get("text"), most=64)}
    targets = targets_of(id_of(own.get("messageId")), event.place(raw), own_id=own_id)
    return _amendment(event, raw, kind="reaction", targets=targets, said=said)


def edit(event: Event) -> Item:
    """What a message says now."""
    raw: Json = event.payload
    if not isinstance(raw.get("body"), str):
        reason = "it does not say what the message says now"
        return Malformed(kind="edit", reason=reason, payload=raw)
    own_id = id_of(raw.get("id"))
    edited = id_of(raw.get("editedMessageId")) or own_id
    said: Json = {"provider_id": own_id or edited, "text": text(raw.get("body"))}
    if bare_of(own_id) == bare_of(edited):
        # WEBJS gives an edit the id and time of its message, so a second edit would look like
        # a repetition of the first.
        said["provider_id"] += f"#{_mark(event, said['text'])}"
        said["at"] = event.at
    targets = targets_of(edited, event.place(raw), own_id=own_id)
    return _amendment(event, raw, kind="edit", targets=targets, said=said)


def _mark(event: Event, said: str) -> str:
    """What tells this edit from the next one of the same message."""
    value = event.id or (str(event.at) if event.at else said)
    return hashlib.sha256(value.encode()).hexdigest()[:16]


def revoke(event: Event) -> Item:
    """A message deleted for everyone. Its old content is seldom told; then only a part of its id
    is known.
    """
    after, before = mapping(event.payload.get("after")), mapping(event.payload.get("before"))
    after_id, before_id = id_of(after.get("id")), id_of(before.get("id"))
    revoked = id_of(event.payload.get("revokedMessageId"))
    raw = after or before
    found = targets_of(
        revoked or before_id or after_id, event.place(raw), own_id=after_id or before_id
    )
    targets = tuple(dict.fromkeys((before_id, *found) if before_id else found))
    said = {"provider_id": after_id or revoked or before_id}
    return _amendment(event, raw, kind="revoke", targets=targets, said=said)


def _amendment(event: Event, raw: Json, *, kind: str, targets: tuple[str, ...], said: Json) -> Item:
    """What was done, to one of `targets`. Without a time of its own it has the envelope's."""
    place = event.place(raw)
    if place.elsewhere:
        return Ignored(kind=kind, reason=place.elsewhere)
    if not 0 < len(said["provider_id"]) <= MOST_ID:
        return Malformed(kind=kind, reason=f"the {kind} has no usable id", payload=event.payload)
    if not targets:
        return Malformed(kind=kind, reason=f"the {kind} names no message", payload=event.payload)
    return Amendment(
        kind=kind,
        channel=event.session,
        channel_number=event.number,
        targets=targets,
        party=place.party,
        echo=place.echo,
        sender=place.sender,
        at=said.pop("at", None) or event.moment(raw.get("timestamp")) or event.at,
        **said,
    )
