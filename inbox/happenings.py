"""What colleagues did with a conversation, as its timeline tells it to one reader."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from messaging.models import Priority
from messaging.providers.values import mapping, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from messaging.models import Message

LONGEST = 120
ICONS = {
    "assigned": "user-plus",
    "unassigned": "unassigned",
    "takeover": "swap",
    "team": "people",
    "resolved": "check",
    "reopened": "undo",
    "snoozed": "snooze",
    "woke": "clock",
    "priority": "sort",
    "label_added": "tag",
    "label_removed": "tag",
    "blocked": "block",
    "unblocked": "undo",
}


def icon_of(message: Message) -> str:
    """The glyph of what was done; "" where we do not know it."""
    return ICONS.get(_event(message).get("type", ""), "") if message.kind == "event" else ""


def words_of(message: Message, viewer_id: int | None = None) -> str:
    """Who did what; whoever reads it is "you". "" for what we do not know."""
    event = _event(message)
    say = SAY.get(text(event.get("type"), most=LONGEST))
    if say is None:
        return ""
    return say(_Line(event, message, viewer_id))


class _Line:
    """An event with the names that its sentence needs."""

    def __init__(self, event: dict[str, Any], message: Message, viewer_id: int | None) -> None:
        self.event = event
        self.is_mine = viewer_id is not None and message.author_id == viewer_id
        self._viewer_id = viewer_id
        self.by = str(message.author) if message.author else ""

    def name(self, key: str) -> str:
        """Whom or what the event names, as it was called then."""
        return text(mapping(self.event.get(key)).get("name"), most=LONGEST)

    def is_viewer(self, key: str) -> bool:
        """Whether it names whoever reads."""
        return self._viewer_id is not None and self.id(key) == self._viewer_id

    def id(self, key: str) -> object:
        return mapping(self.event.get(key)).get("id")

    def told(self, mine: str, theirs: str, nobodys: str, **names: str) -> str:
        """The sentence for who did it: the reader, a colleague, or the inbox by itself."""
        sentence = mine if self.is_mine else theirs if self.by else nobodys
        return sentence % {"by": self.by, **names}


def _assigned(line: _Line) -> str:
    to = {"to": line.name("to")}
    if line.is_mine and line.is_viewer("to"):
        return _("You took this on")
    if line.is_viewer("to"):
        return line.told("", _("%(by)s assigned this to you"), _("Assigned to you"))
    if line.by and line.by == to["to"]:
        return _("%(by)s took this on") % {"by": line.by}
    return line.told(
        _("You assigned this to %(to)s"),
        _("%(by)s assigned this to %(to)s"),
        _("Assigned to %(to)s"),
        **to,
    )


def _unassigned(line: _Line) -> str:
    of = {"of": line.name("from")}
    if line.is_viewer("from"):
        return line.told(
            _("You gave this back"),
            _("%(by)s took this from you"),
            _("No longer assigned to you"),
        )
    return line.told(
        _("You took this from %(of)s"),
        _("%(by)s took this from %(of)s"),
        _("No longer assigned to %(of)s"),
        **of,
    )


def _takeover(line: _Line) -> str:
    if line.is_viewer("from"):
        return line.told("", _("%(by)s took over your reply"), _("Your reply was taken over"))
    return line.told(
        _("You took over from %(of)s"),
        _("%(by)s took over from %(of)s"),
        _("Taken over from %(of)s"),
        of=line.name("from"),
    )


def _team(line: _Line) -> str:
    if not line.name("to"):
        return line.told(
            _("You took this from the team %(of)s"),
            _("%(by)s took this from the team %(of)s"),
            _("No longer with the team %(of)s"),
            of=line.name("from"),
        )
    return line.told(
        _("You gave this to the team %(to)s"),
        _("%(by)s gave this to the team %(to)s"),
        _("Given to the team %(to)s"),
        to=line.name("to"),
    )


def _resolved(line: _Line) -> str:
    return line.told(_("You resolved this"), _("%(by)s resolved this"), _("Resolved"))


def _reopened(line: _Line) -> str:
    return line.told(_("You reopened this"), _("%(by)s reopened this"), _("Reopened"))


def _woke(line: _Line) -> str:
    return line.told(_("You woke this up"), _("%(by)s woke this up"), _("Woke up"))


def _snoozed(line: _Line) -> str:
    return line.told(
        _("You snoozed this until %(until)s"),
        _("%(by)s snoozed this until %(until)s"),
        _("Snoozed until %(until)s"),
        until=_moment(line.event.get("until")),
    )


def _priority(line: _Line) -> str:
    to = text(line.event.get("to"), most=LONGEST)
    level = str(Priority(to).label) if to in Priority.values else to
    return line.told(
        _("You set the priority to %(level)s"),
        _("%(by)s set the priority to %(level)s"),
        _("Priority set to %(level)s"),
        level=level,
    )


def _label_added(line: _Line) -> str:
    return line.told(
        _("You added the label %(label)s"),
        _("%(by)s added the label %(label)s"),
        _("Label %(label)s added"),
        label=line.name("label"),
    )


def _label_removed(line: _Line) -> str:
    return line.told(
        _("You removed the label %(label)s"),
        _("%(by)s removed the label %(label)s"),
        _("Label %(label)s removed"),
        label=line.name("label"),
    )


def _moment(value: object) -> str:
    """A stored time, as the reader's language writes it."""
    try:
        at = datetime.fromisoformat(text(value, most=LONGEST))
    except ValueError:
        return ""
    return formats.date_format(timezone.localtime(at), "j M, H:i")


def _event(message: Message) -> dict[str, Any]:
    return mapping(mapping(message.content).get("event"))


def _blocked(line: _Line) -> str:
    return line.told(
        _("You blocked this contact"), _("%(by)s blocked this contact"), _("Contact blocked")
    )


def _unblocked(line: _Line) -> str:
    return line.told(
        _("You unblocked this contact"), _("%(by)s unblocked this contact"), _("Contact unblocked")
    )


SAY: dict[str, Callable[[_Line], str]] = {
    "assigned": _assigned,
    "unassigned": _unassigned,
    "takeover": _takeover,
    "team": _team,
    "resolved": _resolved,
    "reopened": _reopened,
    "snoozed": _snoozed,
    "woke": _woke,
    "priority": _priority,
    "label_added": _label_added,
    "label_removed": _label_removed,
    "blocked": _blocked,
    "unblocked": _unblocked,
}
