"""What was typed and not sent, kept for its author and shown to colleagues.

A draft that was sent or emptied keeps its row without a text, so that its version goes on
growing: a save that was under way meanwhile, or a tab left open since, finds itself too old.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from inbox import access, draft_frames
from inbox.models import Draft, DraftMode
from messaging.models import Membership, User
from messaging.sql import execute

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.models import Conversation

LONGEST_TEXT = 20_000
LONGEST_LINE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a page wants to keep; `version` is the one it has seen last, 0 where it saw none."""

    mode: str
    text: str
    version: int
    reply_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A colleague's draft, as others read it."""

    draft: Draft
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRow:
    """What a row of the list says of drafts: one's own first line, and whose else there are."""

    own: str = ""
    by: tuple[str, ...] = ()


@dataclass(eq=False)
class Outdated(Exception):
    """Another tab has saved since; `draft` is what it saved, nothing was written."""

    draft: Draft


def save(membership: Membership, conversation_id: int, typed: Typed) -> int:
    """Keep what somebody typed; its new version. Raises Http404 or Outdated."""
    conversation = access.conversation_or_404(membership, conversation_id)
    quoted = access.messages(membership, conversation).filter(pk=typed.reply_to or 0).first()
    user = membership.user
    drafts = Draft.objects.filter(user=user, conversation=conversation, mode=typed.mode)
    had_draft = drafts.exclude(text="").exists()
    values = _values(user.pk, conversation.pk, typed, quoted.pk if quoted else None)
    with transaction.atomic():
        rows = execute(SAVE, values)
        if not rows:
            raise Outdated(drafts.get())
        has_draft = bool(values["text"])
        if typed.mode == DraftMode.REPLY and has_draft != had_draft:
            _tell(conversation, user, has_draft=has_draft)
    return int(rows[0][0])


def clear(user: User, conversation: Conversation, mode: str = DraftMode.REPLY) -> None:
    """It was sent, in the caller's transaction."""
    values = {"user": user.pk, "conversation": conversation.pk, "mode": mode}
    if execute(CLEAR, values) and mode == DraftMode.REPLY:
        _tell(conversation, user, has_draft=False)


def give_back(user: User, conversation: Conversation, text: str, reply_to: int | None) -> None:
    """A reply that was undone is a draft again, unless there is a newer one."""
    typed = Typed(mode=DraftMode.REPLY, text=text, version=0)
    if execute(GIVE_BACK, _values(user.pk, conversation.pk, typed, reply_to)):
        _tell(conversation, user, has_draft=True)


def own(user: User, conversation: Conversation) -> dict[str, Draft]:
    """Somebody's own drafts of a conversation, by mode."""
    rows = Draft.objects.filter(user=user, conversation=conversation)
    return {draft.mode: draft for draft in rows}


def beside(user: User, conversation: Conversation) -> list[Beside]:
    """Replies that colleagues have begun, the newest first."""
    rows = _replies([conversation.pk]).exclude(user=user).order_by("-updated_at")
    return [Beside(draft=draft, line=first_line(draft.text)) for draft in rows]


def on_rows(user: User, conversation_ids: Iterable[int]) -> dict[int, OnRow]:
    """What rows of the list say, by conversation; those without drafts are left out."""
    found: dict[int, OnRow] = {}
    for draft in _replies(list(conversation_ids)).order_by("updated_at"):
        row = found.get(draft.conversation_id, OnRow())
        if draft.user_id == user.pk:
            row = OnRow(own=first_line(draft.text), by=row.by)
        else:
            row = OnRow(own=row.own, by=(*row.by, str(draft.user)))
        found[draft.conversation_id] = row
    return found


def first_line(text: str) -> str:
    """A draft in one line."""
    return " ".join(text.split())[:LONGEST_LINE]


def _replies(conversation_ids: list[int]) -> QuerySet[Draft]:
    rows = Draft.objects.filter(conversation__in=conversation_ids, mode=DraftMode.REPLY)
    return rows.exclude(text="").select_related("user")


def _values(
    user_id: int, conversation_id: int, typed: Typed, reply_to: int | None
) -> dict[str, object]:
    text = typed.text.replace("\0", "")[:LONGEST_TEXT]
    return {
        "user": user_id,
        "conversation": conversation_id,
        "mode": typed.mode,
        "text": text if text.strip() else "",
        "reply_to": reply_to,
        "version": typed.version,
    }


def _tell(conversation: Conversation, user: User, *, has_draft: bool) -> None:
    """After commit, and only a hint."""
    push = partial(draft_frames.push, conversation, user, has_draft=has_draft)
    transaction.on_commit(push, robust=True)


SAVE = """
INSERT INTO inbox_draft AS draft
  (user_id, conversation_id, mode, text, reply_to_id, version, updated_at)
VALUES (%(user)s, %(conversation)s, %(mode)s, %(text)s, %(reply_to)s, %(version)s + 1, now())
ON CONFLICT (user_id, conversation_id, mode) DO UPDATE SET
  text = excluded.text, reply_to_id = excluded.reply_to_id, version = draft.version + 1,
  updated_at = now()
WHERE draft.version = %(version)s
RETURNING draft.version
"""

# Always leaves a row, and always a newer one: a save that is under way comes too late.
CLEAR = """
WITH before AS (
  SELECT text FROM inbox_draft
  WHERE user_id = %(user)s AND conversation_id = %(conversation)s AND mode = %(mode)s
), cleared AS (
  INSERT INTO inbox_draft AS draft
    (user_id, conversation_id, mode, text, version, updated_at)
  VALUES (%(user)s, %(conversation)s, %(mode)s, '', 1, now())
  ON CONFLICT (user_id, conversation_id, mode) DO UPDATE SET
    text = '', reply_to_id = NULL, version = draft.version + 1, updated_at = now()
  RETURNING 1
)
SELECT 1 FROM before WHERE text <> ''
"""

GIVE_BACK = """
INSERT INTO inbox_draft AS draft
  (user_id, conversation_id, mode, text, reply_to_id, version, updated_at)
VALUES (%(user)s, %(conversation)s, %(mode)s, %(text)s, %(reply_to)s, 1, now())
ON CONFLICT (user_id, conversation_id, mode) DO UPDATE SET
  text = excluded.text, reply_to_id = excluded.reply_to_id, version = draft.version + 1,
  updated_at = now()
WHERE draft.text = ''
RETURNING draft.version
"""
