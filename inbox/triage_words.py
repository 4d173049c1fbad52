"""What a toast says after an act, and when somebody else was first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from inbox.triage import Performed

ICONS = {
    "claim": "user-plus",
    "assign": "user-plus",
    "unassign": "unassigned",
    "team": "people",
    "resolve": "check",
    "reopen": "undo",
    "snooze": "snooze",
    "priority": "sort",
    "label_add": "tag",
    "label_remove": "tag",
    "unread": "eye",
    "read": "check",
    "undo": "undo",
}


def said(performed: Performed, zone: tzinfo) -> str:
    """One sentence on what was done; nothing changed is said too."""
    if performed.is_lost:
        return lost(performed)
    if not performed.changed:
        return _("Nothing to change.")
    count = len(performed.changed)
    one = SAY[performed.action](performed.target, zone)
    if count == 1:
        return one
    many = ngettext("%(count)d conversation", "%(count)d conversations", count)
    return f"{one} · {many % {'count': count}}"


def lost(performed: Performed) -> str:
    """Who was first."""
    names = {str(user) for user in performed.lost.values()}
    if len(names) == 1:
        return _("%(name)s was first and has it now.") % {"name": names.pop()}
    return _("Others were first and have them now.")


def _assigned(target: Any, zone: tzinfo) -> str:
    return _("Assigned to %(name)s") % {"name": target.user}


def _team(target: Any, zone: tzinfo) -> str:
    if target is None:
        return _("With no team now")
    return _("Given to the team %(name)s") % {"name": target.name}


def _snoozed(target: Any, zone: tzinfo) -> str:
    when = formats.date_format(target.astimezone(zone), "D j M, H:i")
    return _("Snoozed until %(when)s") % {"when": when}


def _priority(target: Any, zone: tzinfo) -> str:
    return _("Priority %(level)s") % {"level": target.label}


def _label_added(target: Any, zone: tzinfo) -> str:
    return _("Label %(name)s added") % {"name": target.name}


def _label_removed(target: Any, zone: tzinfo) -> str:
    return _("Label %(name)s removed") % {"name": target.name}


# Any: each action's own target.
SAY: dict[str, Callable[[Any, tzinfo], str]] = {
    "claim": lambda target, zone: _("Yours now"),
    "assign": _assigned,
    "unassign": lambda target, zone: _("Assigned to nobody"),
    "team": _team,
    "resolve": lambda target, zone: _("Resolved"),
    "reopen": lambda target, zone: _("Open again"),
    "snooze": _snoozed,
    "priority": _priority,
    "label_add": _label_added,
    "label_remove": _label_removed,
    "unread": lambda target, zone: _("Marked as unread"),
    "read": lambda target, zone: _("Marked as read"),
    "undo": lambda target, zone: _("Undone"),
}
