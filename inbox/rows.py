"""A conversation as its row in the list shows it.

What is the same for every viewer is said here; what differs (unread, mine, selected) is data
attributes on the row, which the page fills in for its viewer and the browser keeps up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from inbox import faces, words
from inbox.gists import Gist, gist_of
from inbox.row_words import RowWords, row_words
from messaging import windows
from messaging.models import Conversation, ConversationState, Direction, Message, User
from messaging.providers import has_window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inbox.drafts import OnRow
    from inbox.unions import Union
    from messaging.models import Amendment, Label

CLOSING = timedelta(hours=2)
# From when on a wait is shown: first amber, then red.
WAITS_LONG, WAITS_TOO_LONG = timedelta(hours=1), timedelta(hours=4)
LONGEST_PREVIEW = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The customer service window, for a ring: state, percent left, and its sentences."""

    state: str
    percent: int
    label: str
    short: str
    left: str
    expires_at: datetime | None

    @property
    def has_end(self) -> bool:
        """Whether the provider has a window at all."""
        return self.state == "closed" or self.expires_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The last message in one line."""

    text: str
    icon: str = ""
    state: str = ""
    label: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """All that a row needs, ready to print."""

    conversation: Conversation
    name: str
    handle: str
    initials: str
    tint: int
    window: Window
    preview: Preview
    channel_name: str
    is_mine: bool = False
    is_selected: bool = False
    inbound: int = 0
    unread: int = 0
    read_count: int | None = None
    waiting: str = ""
    draft: OnRow | None = None

    @cached_property
    def labels(self) -> list[Label]:
        """Its labels, by name."""
        return list(self.conversation.labels.all())

    @property
    def label_ids(self) -> str:
        """For the browser's filters."""
        return " ".join(str(label.pk) for label in self.labels)

    @property
    def address(self) -> str:
        """Where it opens."""
        return reverse("inbox:conversation", args=[self.conversation.pk])

    @property
    def wakes(self) -> bool:
        """Whether it sleeps until a moment."""
        row = self.conversation
        return row.state == ConversationState.SNOOZED and row.snoozed_until is not None

    @property
    def words(self) -> RowWords:
        """What is the same on all rows, in the viewer's language."""
        return row_words()

    @property
    def said(self) -> dict[str, str]:
        """What its controls are called."""
        return row_words().of(self.name, self.unread)


def window_of(conversation: Conversation, *, now: datetime) -> Window:
    """The window at `now`, by the server's clock; one that never closes where the provider has
    none.
    """
    if not has_window(conversation.channel.connection.kind):
        return Window(
            state="open",
            percent=100,
            label=_("Free text is allowed at any time"),
            short=_("At any time"),
            left="",
            expires_at=None,
        )
    return _window(conversation.window_expires_at, now=now)


def _window(expires_at: datetime | None, *, now: datetime) -> Window:
    if not windows.is_open(expires_at, now=now) or expires_at is None:
        return Window(
            state="closed",
            percent=0,
            label=_("Window closed"),
            short=_("Window closed"),
            left="",
            expires_at=expires_at,
        )
    left = expires_at - now
    percent = max(1, min(100, round(100 * left / windows.WINDOW)))
    state = "closing" if left < CLOSING else "open"
    time = time_left(left)
    label, short = {
        "closing": (_("Window closes in %(left)s"), _("Closes in %(left)s")),
        "open": (_("Window open, %(left)s left"), _("%(left)s left")),
    }[state]
    return Window(
        state=state,
        percent=percent,
        label=label % {"left": time},
        short=short % {"left": time},
        left=time,
        expires_at=expires_at,
    )


def time_left(left: timedelta) -> str:
    """Hours and minutes, "23 h 14 m"."""
    minutes = max(int(left.total_seconds() // 60), 0)
    if minutes < 60:
        return _("%(minutes)d m") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)02d m") % {"hours": minutes // 60, "minutes": minutes % 60}


def waiting_of(conversation: Conversation, *, now: datetime) -> str:
    """ "long" or "late" for who waits for an answer too long in an open conversation."""
    since = conversation.waiting_since
    if since is None or conversation.state != ConversationState.OPEN:
        return ""
    if now - since >= WAITS_TOO_LONG:
        return "late"
    return "long" if now - since >= WAITS_LONG else ""


def preview_of(conversation: Conversation) -> Preview:
    """One line on the newest thing said; a failure replaces its text."""
    message = conversation.last_message
    reaction = _newer_reaction(conversation)
    if reaction is not None:
        return _reacted(reaction)
    if message is None:
        return Preview(text=_("No messages yet"))
    gist = gist_of(message)
    text = _said(message, gist)[:LONGEST_PREVIEW]
    if message.direction != Direction.OUT:
        return Preview(text=text, icon=gist.icon)
    failure = words.verdict(message.status, message.error_code, message.error_title)
    tick = words.TICKS.get(message.status, words.TICKS["pending"])
    tone = {"failed": "danger", "needs_review": "warning"}.get(message.status, "")
    return Preview(
        text=failure or text,
        icon=tick.icon,
        state=tick.state,
        label=str(tick.label),
        tone=tone,
    )


def _said(message: Message, gist: Gist) -> str:
    """In a group it matters who said it."""
    sender = message.sender.name.strip() if message.sender else ""
    return f"{sender}: {gist.text}" if sender else gist.text


def _newer_reaction(conversation: Conversation) -> Amendment | None:
    """A reaction may be the customer's only answer; one that was taken back is none."""
    reaction, at = conversation.last_reaction, conversation.last_reaction_at
    if reaction is None or at is None or not reaction.emoji:
        return None
    said_at = conversation.last_message_at
    return reaction if said_at is None or at > said_at else None


def _reacted(reaction: Amendment) -> Preview:
    target = gist_of(reaction.message).text[:LONGEST_PREVIEW] if reaction.message else ""
    said = {"emoji": reaction.emoji, "message": target}
    if target:
        return Preview(text=_("Reacted %(emoji)s to: %(message)s") % said, icon="smile")
    return Preview(text=_("Reacted %(emoji)s") % said, icon="smile")


def row_of(
    union: Union,
    *,
    now: datetime,
    viewer: User | None = None,
    selected: int = 0,
    draft: OnRow | None = None,
) -> Row:
    """The row of a union read by `queries.with_row_parts`; neutral where there is no viewer."""
    conversation = union.main
    name = faces.contact_name(conversation.contact)
    read_count = union.read_count if viewer else None
    return Row(
        conversation=conversation,
        name=name,
        handle=faces.contact_handle(conversation.contact),
        initials=faces.initials(name),
        tint=faces.tint(conversation.contact.person.pk),
        window=window_of(conversation, now=now),
        preview=preview_of(union.newest),
        channel_name=conversation.channel.name,
        is_mine=viewer is not None and conversation.assignee_id == viewer.pk,
        is_selected=conversation.pk == selected,
        inbound=union.inbound_count,
        unread=0 if read_count is None else max(union.inbound_count - read_count, 0),
        read_count=read_count,
        waiting=waiting_of(conversation, now=now),
        draft=draft,
    )


def rows_of(
    unions: Iterable[Union],
    *,
    now: datetime,
    viewer: User,
    selected: int = 0,
    drafts: Mapping[int, OnRow] | None = None,
) -> list[Row]:
    """Rows for one viewer, with what was begun in them."""
    begun = drafts or {}
    return [
        row_of(union, now=now, viewer=viewer, selected=selected, draft=begun.get(union.main.pk))
        for union in unions
    ]
