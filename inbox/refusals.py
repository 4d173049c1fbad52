"""Why a reply was not sent. Whatever is raised here, nothing was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from messaging.models import Conversation, Message


@dataclass(eq=False)
class Unseen(Exception):
    """Others wrote what the author of the reply has not seen."""

    messages: tuple[Message, ...]


class IdReused(Exception):
    """This client_message_id already belongs to a message with another content."""


@dataclass(eq=False)
class WindowClosed(Exception):
    """Only a template is allowed; `since` when, or None where the customer never wrote."""

    since: datetime | None


@dataclass(eq=False)
class GoesOn(Exception):
    """Contacts were merged: what was said since stands in another conversation, not seen here."""

    conversation: Conversation


class ReadOnly(Exception):
    """The member's role reads and does not write."""


@dataclass(eq=False)
class Invalid(Exception):
    """Fields with what is wrong about them, by path: `content.location.latitude`."""

    errors: dict[str, list[str]]


@dataclass(eq=False)
class TemplateUnfit(Exception):
    """The template cannot be sent so: `template_missing`, `template_not_approved` or
    `template_parameters`, with what is wrong where.
    """

    code: str
    errors: dict[str, list[str]]


@dataclass(eq=False)
class ConsentNeeded(Exception):
    """The contact has not allowed this message (`consent_missing`), or not any more
    (`consent_revoked`).
    """

    code: str


@dataclass(eq=False)
class Blocked(ConsentNeeded):
    """It is us who do not write to this contact; it is told in the same way."""

    code: str = "blocked"
