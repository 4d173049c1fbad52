"""Messages as the timeline shows them: who, when, ticks, what went wrong, what joins what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from inbox import cursors, files, words
from inbox.contents import EVENT_KINDS, NOTHING, Contents, contents_of
from inbox.files import File
from inbox.gists import event_words, gist_of, icon_of
from inbox.quotes import AUTHOR_ICONS, LONGEST_QUOTE, Former, Quote, author_of, former_of, quote_of
from inbox.reactions import Chip, chip_of
from inbox.reviewing import Choice, choices_of
from inbox.scheduling import Hold, hold_of, was_never_due
from inbox.unions import LOUD
from messaging.models import (
    AuthorType,
    Direction,
    Message,
    MessageStatus,
    User,
)
from messaging.windows import is_genuine

JOINED = timedelta(minutes=1)
# A wait that is shorter than this needs no time beside it.
SOON = timedelta(seconds=45)


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
    # Why it has not left, where nothing stands against it.
    hold: Hold | None = None
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
        if message.duplicate_of_id is not None or was_never_due(message):
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

    @property
    def is_plain(self) -> bool:
        """Nearly all messages: words and a time, and nothing that stands above or below them."""
        message = self.message
        changed = message.deleted_at or message.edited_at
        if changed or message.arrived_late or message.is_placeholder or not message.text:
            return False
        return not self.files and self.quote is None and self.contents == NOTHING

    @property
    def says_more(self) -> bool:
        """Whether something below the bubble has to be said about it."""
        waits = self.hold is not None or self.is_sent_twice
        return waits or bool(self.verdict or self.choices or self.contents.notices)


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
        kind_icon=icon_of(message),
        gist=_gist(message, reader),
        tick=words.tick_of(message.status, _entry_state(message)) if is_ours else None,
        verdict=words.verdict(message.status, message.error_code, message.error_title),
        quote=quote_of(message, reader),
        contents=contents_of(message, has_files=bool(attached)),
        files=attached,
        reactions=chip_of(message, reader.contact_name),
        former=tuple(former_of(message)),
        leaves_at=_leaves_at(message) if is_ours else None,
        hold=hold_of(message) if is_ours else None,
        choices=choices_of(message) if is_ours else (),
        is_sent_twice=is_ours and _is_sent_twice(message),
        is_joined=not new_day and not is_new and _joins(after, message),
        day=day if new_day else None,
        new_count=reader.unread if is_new else 0,
    )


def _gist(message: Message, reader: Reader) -> str:
    if message.kind in EVENT_KINDS:
        return event_words(message, reader.contact_name, reader.user.pk)
    return gist_of(message).text[:LONGEST_QUOTE]


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
