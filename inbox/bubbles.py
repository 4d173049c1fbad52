"""Messages as the timeline shows them: who, when, ticks, what went wrong, what joins what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from inbox import cursors, faces, files, words
from inbox.contents import EVENT_KINDS, Contents, contents_of
from inbox.files import File
from inbox.gists import event_words, gist_of
from inbox.reactions import Chip, by_time, chip_of
from inbox.reviewing import Choice, choices_of
from inbox.unions import LOUD
from messaging.models import (
    AmendmentKind,
    AuthorType,
    Direction,
    Message,
    MessageStatus,
    User,
)
from messaging.providers.values import mapping, text
from messaging.windows import is_genuine

JOINED = timedelta(minutes=1)
LONGEST_QUOTE = 200
# A wait that is shorter than this needs no time beside it.
SOON = timedelta(seconds=45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a message answers; without an id it is not here."""

    message_id: int | None
    of: str
    name: str
    icon: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """What a message said from `at` until it was edited."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One message, ready to print; `day` only where a new one begins.

    `gist` stands for the message where there is room for a line only.
    """

    message: Message
    author: str
    author_icon: str
    by: str
    kind_icon: str
    gist: str
    tick: words.Tick | None
    verdict: str
    quote: Quote | None
    contents: Contents
    files: tuple[File, ...]
    reactions: Chip | None
    former: tuple[Former, ...]
    # When it is tried next, where that is some time away.
    leaves_at: datetime | None = None
    choices: tuple[Choice, ...] = ()
    is_sent_twice: bool = False
    is_joined: bool = False
    day: date | None = None
    new_count: int = 0

    @property
    def join_key(self) -> str:
        """Neighbours with the same key, within a minute, look like one."""
        return joined_key(self.message)

    @property
    def cursor(self) -> str:
        """The page above this message begins here."""
        return cursors.encode(self.message.sort_at, self.message.pk)

    @property
    def is_event(self) -> bool:
        """Events are lines in the middle, nobody's bubbles."""
        return self.message.kind in EVENT_KINDS

    @property
    def is_quiet(self) -> bool:
        """A reaction of ours stands on its target, unless somebody has to look at it; an echo
        that turned out to be another message is gone.
        """
        message = self.message
        if message.duplicate_of_id is not None:
            return True
        is_ours = message.kind == "reaction" and message.direction == Direction.OUT
        return is_ours and message.status not in LOUD

    @property
    def wants_template(self) -> bool:
        """It did not leave, and a template can say it instead."""
        message = self.message
        return message.status == MessageStatus.FAILED and words.wants_template(message.error_code)

    @property
    def is_flush(self) -> bool:
        """Pictures, papers and places reach to the bubble's edge."""
        has_card = self.contents.place is not None or bool(self.contents.people)
        return has_card or any(file.is_flush for file in self.files)

    @property
    def is_grid(self) -> bool:
        """Several pictures stand side by side."""
        return len(self.files) > 1 and all(file.box == "image" for file in self.files)

    @property
    def has_text(self) -> bool:
        """Whether the words stand by themselves, not as the title of what was pressed."""
        return bool(self.message.text) and self.contents.choice is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks: their words for people, and how far they had read.

    `seen_beside` is how far in conversations from before a merge.
    """

    user: User
    contact_name: str
    seen_seq: int | None = None
    seen_beside: Mapping[int, int] = field(default_factory=dict)
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
    day = timezone.localdate(message.sort_at)
    new_day = after is None or timezone.localdate(after.sort_at) != day
    is_ours = message.direction == Direction.OUT
    attached = files.files_of(message, of=reader.contact_name)
    return Bubble(
        message=message,
        author=author_of(message, reader),
        author_icon=AUTHOR_ICONS.get(message.author_type, ""),
        by="automation" if message.author_type == AuthorType.AUTOMATION else "",
        kind_icon=words.kind_of(message.kind)[0],
        gist=_gist(message, reader),
        tick=words.tick_of(message.status, _entry_state(message)) if is_ours else None,
        verdict=words.verdict(message.status, message.error_code, message.error_title),
        quote=_quote(message, reader),
        contents=contents_of(message, has_files=bool(attached)),
        files=attached,
        reactions=chip_of(message, reader.contact_name),
        former=tuple(_former(message)),
        leaves_at=_leaves_at(message) if is_ours else None,
        choices=choices_of(message) if is_ours else (),
        is_sent_twice=is_ours and _is_sent_twice(message),
        is_joined=not new_day and not is_new and _joins(after, message),
        day=day if new_day else None,
        new_count=reader.unread if is_new else 0,
    )


# Whoever is neither the reader nor a colleague gets a glyph beside their name.
AUTHOR_ICONS = {AuthorType.PHONE_APP.value: "handset", AuthorType.AUTOMATION.value: "robot"}


def author_of(message: Message, reader: Reader) -> str:
    """The name over a bubble; nothing over the reader's own and the contact's."""
    if message.direction == Direction.IN:
        # In a group everybody is on the other side, so it has to be said who.
        return faces.contact_name(message.sender) if message.sender else ""
    if message.author_id is not None and message.author_id == reader.user.pk:
        return ""
    if message.author is not None:
        return str(message.author)
    return str(
        {
            AuthorType.PHONE_APP: _("Phone app"),
            AuthorType.AUTOMATION: _("Automation"),
        }.get(AuthorType(message.author_type), _("System"))
    )


def _gist(message: Message, reader: Reader) -> str:
    if message.kind in EVENT_KINDS:
        return event_words(message, reader.contact_name)
    return gist_of(message).text[:LONGEST_QUOTE]


def _quote(message: Message, reader: Reader) -> Quote | None:
    quoted = message.reply_to
    if quoted is None:
        return _missing_quote(message)
    mine = quoted.author_id == reader.user.pk and quoted.direction != Direction.IN
    is_in = quoted.direction == Direction.IN
    author = _("You") if mine else author_of(quoted, reader)
    gist = gist_of(quoted)
    return Quote(
        message_id=quoted.pk,
        of="contact" if is_in else "agent",
        name=(author or reader.contact_name) if is_in else author,
        icon=gist.icon,
        text=gist.text[:LONGEST_QUOTE],
    )


def _missing_quote(message: Message) -> Quote | None:
    """An answer to what we never got; what a product enquiry names is no message at all."""
    context = mapping(mapping(message.content).get("context"))
    if not message.reply_to_provider_id or context.get("referred_product"):
        return None
    return Quote(
        message_id=None,
        of="contact",
        name=_("Earlier message"),
        icon="",
        text=_("This message is not here."),
    )


def _former(message: Message) -> list[Former]:
    """What an edited message said before, oldest first."""
    if message.edited_at is None:
        return []
    edits = by_time(message, AmendmentKind.EDIT)
    first = text(mapping(message.original).get("text"))
    return [
        Former(text=first, at=message.sort_at),
        *(Former(text=edit.text, at=edit.at) for edit in edits[:-1]),
    ]


def _joins(after: Message | None, message: Message) -> bool:
    return (
        after is not None
        and joined_key(after) == joined_key(message)
        and (message.sort_at - after.sort_at < JOINED)
    )


def joined_key(message: Message) -> str:
    """Direction and author; in a group, who of it."""
    author = message.author_id or message.sender_id or ""
    return f"{message.direction}.{message.author_type}.{author}"


def _is_sent_twice(message: Message) -> bool:
    entry = getattr(message, "outbox_entry", None)
    return entry is not None and entry.sent_twice_at is not None


def _entry_state(message: Message) -> str:
    entry = getattr(message, "outbox_entry", None)
    return entry.state if entry is not None else ""


def _leaves_at(message: Message) -> datetime | None:
    """The time for which a waiting message is put off, unless that is at once."""
    entry = getattr(message, "outbox_entry", None)
    if entry is None or message.status != MessageStatus.PENDING or not message.error_code:
        return None
    due_at: datetime = entry.due_at
    return due_at if due_at > timezone.now() + SOON else None


def _is_unread(message: Message, reader: Reader) -> bool:
    return (
        message.direction == Direction.IN
        and is_genuine(message.kind)
        and not message.is_silent
        and reader.seen_seq is not None
        and message.seq > reader.seen_beside.get(message.conversation_id, reader.seen_seq)
    )
