"""Chat ids and message ids of WAHA; pure.

Source: WAHA, "Receive messages › chatId" and "Events › message.edited".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from messaging.items import Identity, Party
from messaging.providers.values import mapping, text

PERSON = "@c.us"
INTERNAL_PERSON = "@s.whatsapp.net"
HIDDEN = "@lid"
GROUP = "@g.us"
# Chats that are no conversation, and what the ledger says of them.
ELSEWHERE = {
    "@newsletter": "a post in a WhatsApp channel (newsletter) needs nothing done",
    "status@broadcast": "a status story needs nothing done",
    "@broadcast": "a message of a broadcast list needs nothing done",
}
MESSAGE_ID = re.compile(r"^(true|false)_([^_]+@[^_]+)_([^_]+)(?:_(.+))?$")
DEVICE = re.compile(r":\d+@")
MOST_ID = 255
MOST_VALUE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said or done: by us (`echo`) or them, and by whom in a group."""

    chat: str
    echo: bool
    participant: str = ""
    elsewhere: str = ""  # why it is no conversation of ours; "" where it is one

    @property
    def party(self) -> Party:
        """The other side; without any id where no chat is named."""
        return party(self.chat)

    @property
    def sender(self) -> Party | None:
        """Who wrote inside a group."""
        is_theirs = is_group(self.chat) and not self.echo and self.participant
        return party(self.participant) if is_theirs else None


def id_of(value: Any) -> str:
    """An id; some engines send an object instead of text."""
    return text(value) or text(mapping(value).get("_serialized"))


def plain(chat: str) -> str:
    """One spelling of a person's id: without the device, and as `…@c.us`."""
    found = DEVICE.sub("@", chat, count=1)
    if found.endswith(INTERNAL_PERSON):
        return found.removesuffix(INTERNAL_PERSON) + PERSON
    return found


def is_group(chat: str) -> bool:
    return chat.endswith(GROUP)


def identity(chat: str) -> Identity | None:
    """What an id says of a person or group: a hidden id is no phone number."""
    found = plain(chat.strip())
    name = found.partition("@")[0]
    is_number = name.isascii() and name.isdigit() and len(found) <= MOST_VALUE
    if found.endswith(PERSON) and is_number:
        return ("phone", name)
    if found.endswith(HIDDEN) and name:
        return ("lid", name[:MOST_VALUE])
    if is_group(found):
        return ("group", found[:MOST_VALUE])
    return ("other", found[:MOST_VALUE]) if found else None


def party(chat: str) -> Party:
    found = identity(chat)
    return Party(identities=(found,) if found else ())


def number_of(me: Any) -> str:
    """The digits of our own number, where the account is known by it."""
    found = identity(id_of(mapping(me).get("id")))
    return found[1][:40] if found and found[0] == "phone" else ""


def own_ids(me: Any) -> frozenset[str]:
    """What we are called: by number, and by hidden id."""
    found = (plain(id_of(mapping(me).get(key))) for key in ("id", "lid"))
    return frozenset(each for each in found if each)


def place_of(payload: dict[str, Any], me: Any) -> Place:
    """Engines differ in what they put into `from` and `to` of our own messages, so the message's
    id is asked too, and our own address is the chat only where there is no other.
    """
    found = MESSAGE_ID.match(id_of(payload.get("id")))
    side, named, _, tail = found.groups("") if found else ("", "", "", "")
    from_me = payload.get("fromMe")
    echo = from_me if isinstance(from_me, bool) else side == "true"
    sender, receiver = id_of(payload.get("from")), id_of(payload.get("to"))
    known = [receiver, named, sender] if echo else [sender, named, receiver]
    ends = (end for end in ELSEWHERE if any(chat.endswith(end) for chat in known))
    return Place(
        chat=_chat(known, own_ids(me)) if echo else _chat([sender, named], frozenset(), receiver),
        echo=echo,
        participant=id_of(payload.get("participant")) or id_of(payload.get("author")) or tail,
        elsewhere=next((ELSEWHERE[end] for end in ends), ""),
    )


def _chat(known: list[str], ours: frozenset[str], group: str = "") -> str:
    """A group if any of them is one; `group` counts only if it is."""
    groups = [chat for chat in (*known, group) if is_group(chat)]
    others = [chat for chat in known if chat and plain(chat) not in ours]
    return next(iter([*groups, *others, *filter(None, known)]), "")


def bare_of(message_id: str) -> str:
    """The part of a message's id that edits and revokes name it by."""
    found = MESSAGE_ID.match(message_id)
    return found.group(3) if found else message_id


def targets_of(reference: str, place: Place, *, own_id: str = "") -> tuple[str, ...]:
    """The ids that the message may have which `reference` names, the likeliest first.

    A whole id is what it is. Of a bare one nobody says whose message it was or how the chat is
    spelt in its id. `own_id` is the id of what was done to it, in the same chat.
    """
    if not reference or MESSAGE_ID.match(reference):
        return tuple(filter(None, [reference[:MOST_ID]]))
    found = MESSAGE_ID.match(own_id)
    _, named, _, tail = found.groups("") if found else ("", "", "", "")
    chats = _spellings([named, place.chat])
    people = _spellings([place.participant, tail]) if is_group(place.chat) else []
    ends = [f"_{person}" for person in people] + [""]
    sides = ("true", "false") if place.echo else ("false", "true")
    full = [f"{side}_{chat}_{reference}{end}" for side in sides for chat in chats for end in ends]
    return tuple(each for each in dict.fromkeys([*full, reference]) if len(each) <= MOST_ID)


def _spellings(chats: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each for chat in chats if chat for each in (chat, plain(chat))))
