"""What somebody asks to send: cleaned, put into one shape, and checked by the channel's provider.

The shape is the one in which messages are kept: `content` holds the provider's own object of
the kind under the Cloud API's names (`{"location": {…}}`), `text` is body or caption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from inbox.refusals import Invalid
from messaging.models import Channel
from messaging.providers import PROVIDERS
from messaging.providers.sending import Sending
from messaging.providers.values import clean, mapping
from outbound.models import MessageClass

LONGEST_TEXT = 4096  # Source: Cloud API, "Text messages › body".
LONGEST_ID = 64
# A kind's object in `content`, where it is not the kind's own name.
KEYS = {"voice": "audio"}
# Where an object carries the words that stand in `text` with us.
WORDS = {"text": "body", "image": "caption", "video": "caption", "document": "caption"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an agent, or a program in their name, asks to send.

    A reaction names its target in `reply_to`, or by the provider's id inside its content.
    """

    client_message_id: str
    text: str = ""
    kind: str = "text"
    content: Mapping[str, Any] = field(default_factory=dict)
    reply_to: int | None = None
    seen_seq: int | None = None
    # The lease that its author holds, given back once it is written.
    lease_token: int | None = None
    override: frozenset[str] = field(default_factory=frozenset)
    # When it is to leave; without, at once, or once it cannot be undone any more.
    send_at: datetime | None = None
    hold_seconds: float = 0.0
    # From the composer, whose draft it was.
    is_composed: bool = False
    # Of a template its category's, known once it was filled in.
    message_class: MessageClass = MessageClass.SERVICE


def cleaned(reply: Reply) -> Reply:
    """`reply` without what Postgres does not keep, in the shape it is kept in. Raises Invalid."""
    if not 0 < len(reply.client_message_id) <= LONGEST_ID or "\0" in reply.client_message_id:
        raise Invalid({"client_message_id": [_("Give an id of 1 to 64 characters.")]})
    try:
        # No keyboard types NUL or half a character.
        content = clean(dict(reply.content))
    except RecursionError as error:
        raise Invalid({"content": [_("This is nested too deeply.")]}) from error
    return _shaped(replace(reply, text=clean(reply.text), content=content))


def check(channel_id: int, reply: Reply) -> None:
    """Whether the channel's provider takes it. Raises Invalid."""
    errors = _problems(_sending(channel_id), reply)
    if errors:
        raise Invalid(errors)


def content_of(kind: str, given: Any) -> dict[str, Any]:
    """A kind's content from what a program gave: the object by its name, or the object alone."""
    key = KEYS.get(kind, kind)
    if given is None or given == {}:
        return {}
    if isinstance(given, dict) and (key in given or kind in given):
        return given
    return {key: given}


def _shaped(reply: Reply) -> Reply:
    kind, content = reply.kind, dict(reply.content)
    if kind in KEYS and kind in content:
        content.setdefault(KEYS[kind], content.pop(kind))
    if kind == "audio" and mapping(content.get("audio")).get("voice") is True:
        kind = "voice"
    reply = replace(reply, kind=kind, content=content)
    if kind == "interactive":
        body = mapping(mapping(content.get("interactive")).get("body")).get("text")
        return replace(reply, text=body) if isinstance(body, str) else reply
    return _with_words(reply, WORDS.get(kind, ""))


def _with_words(reply: Reply, name: str) -> Reply:
    """Caption or body as the message's text, which they are; two different ones stay apart and
    are refused.
    """
    given = mapping(reply.content.get(reply.kind))
    said = given.get(name)
    if not isinstance(said, str) or reply.text not in ("", said):
        return reply
    rest = {key: value for key, value in given.items() if key != name}
    content = {**reply.content, reply.kind: rest}
    if not rest:
        del content[reply.kind]
    return replace(reply, text=said, content=content)


def _sending(channel_id: int) -> Sending | None:
    channel = Channel.objects.select_related("connection").get(pk=channel_id)
    return PROVIDERS[channel.connection.kind].sending


def _problems(sending: Sending | None, reply: Reply) -> dict[str, list[str]]:
    kinds = sending.capabilities.kinds if sending else frozenset({"text"})
    if reply.kind not in kinds:
        return {"kind": [_("This channel cannot send messages of this kind.")]}
    if reply.kind == "text" and not reply.text.strip():
        return {"text": [_("Write something first.")]}
    if reply.kind == "text" and len(reply.text) > LONGEST_TEXT:
        said = _("WhatsApp takes at most %(most)d characters; these are %(count)d.")
        return {"text": [said % {"most": LONGEST_TEXT, "count": len(reply.text)}]}
    return sending.problems(reply.kind, reply.text, reply.content) if sending else {}
