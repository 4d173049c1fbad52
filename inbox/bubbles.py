"""Messages as the timeline shows them: who, when, ticks, what went wrong, what joins what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import cursors, words
from messaging.models import AuthorType, Direction, Message, User
from messaging.windows import is_genuine

JOINED = timedelta(minutes=1)
LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message answers."""

    message_id: int | None
    of: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message, ready to print; `day` only where a new one begins."""

    message: Message
    author: str
    by: str
    kind_icon: str
    kind_name: str
    tick: words.Tick | None
    verdict: str
    quote: Quote | None
    is_joined: bool = False
    day: date | None = None
    new_count: int = 0

    @property
    def side(self) -> str:
        """Internal lines stand on our side."""
        return "in" if self.message.direction == Direction.IN else "out"

    @property
    def join_key(self) -> str:
        """Neighbours with the same key, within a minute, look like one."""
        return joined_key(self.message)

    @property
    def cursor(self) -> str:
        """The page above this message begins here."""
        return cursors.encode(self.message.sort_at, self.message.seq)

    @property
    def is_event(self) -> bool:
        return self.message.kind == "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks: their words for people, and how far they had read."""

    user: User
    contact_name: str
    seen_seq: int | None = None
    unread: int = 0


def arrange(messages: Iterable[Message], reader: Reader) -> list[Bubble]:
    """Bubbles in the order they are read: days parted, neighbours joined, the unread line set."""
    bubbles: list[Bubble] = []
    previous: Message | None = None
    line_is_due = reader.seen_seq is not None and reader.unread > 0
    for message in messages:
        is_new = line_is_due and _is_unread(message, reader)
        bubbles.append(bubble_of(message, reader, after=previous, is_new=is_new))
        line_is_due = line_is_due and not is_new
        previous = message
    return bubbles


def bubble_of(
    message: Message, reader: Reader, *, after: Message | None = None, is_new: bool = False
) -> Bubble:
    """One message below `after`."""
    icon, name = words.kind_of(message.kind)
    day = timezone.localdate(message.sort_at)
    new_day = after is None or timezone.localdate(after.sort_at) != day
    is_ours = message.direction == Direction.OUT
    return Bubble(
        message=message,
        author=author_of(message, reader),
        by="automation" if message.author_type == AuthorType.AUTOMATION else "",
        kind_icon=icon,
        kind_name=str(name),
        tick=words.TICKS.get(message.status, words.TICKS["pending"]) if is_ours else None,
        verdict=words.verdict(message.status, message.error_code, message.error_title),
        quote=_quote(message, reader),
        is_joined=not new_day and not is_new and _joins(after, message),
        day=day if new_day else None,
        new_count=reader.unread if is_new else 0,
    )


def author_of(message: Message, reader: Reader) -> str:
    """The name over one of our bubbles; nothing over the reader's own and the contact's."""
    if message.direction == Direction.IN or message.author_id == reader.user.pk:
        return ""
    if message.author is not None:
        return str(message.author)
    return str(
        {
            AuthorType.PHONE_APP: _("Phone app"),
            AuthorType.AUTOMATION: _("Automation"),
        }.get(AuthorType(message.author_type), _("System"))
    )


def _quote(message: Message, reader: Reader) -> Quote | None:
    quoted = message.reply_to
    if quoted is None:
        if not message.reply_to_provider_id:
            return None
        return Quote(message_id=None, of="contact", name=_("Earlier message"), text="")
    mine = quoted.author_id == reader.user.pk and quoted.direction != Direction.IN
    is_in = quoted.direction == Direction.IN
    name = reader.contact_name if is_in else (_("You") if mine else author_of(quoted, reader))
    text = quoted.text[:LONGEST_QUOTE] or str(words.kind_of(quoted.kind)[1])
    return Quote(message_id=quoted.pk, of="contact" if is_in else "agent", name=name, text=text)


def _joins(after: Message | None, message: Message) -> bool:
    return (
        after is not None
        and joined_key(after) == joined_key(message)
        and (message.sort_at - after.sort_at < JOINED)
    )


def joined_key(message: Message) -> str:
    """Direction and author."""
    return f"{message.direction}.{message.author_type}.{message.author_id or ''}"


def _is_unread(message: Message, reader: Reader) -> bool:
    return (
        message.direction == Direction.IN
        and is_genuine(message.kind)
        and reader.seen_seq is not None
        and message.seq > reader.seen_seq
    )
