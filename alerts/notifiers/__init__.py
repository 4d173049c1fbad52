"""Ways of telling people: one file each, with `tell(notification)` that raises when it fails."""

from __future__ import annotations

from collections.abc import Callable

from alerts.models import Notification
from alerts.notifiers import mail

NOTIFIERS: dict[str, Callable[[Notification], None]] = {"mail": mail.tell}
