"""What agents' screens remember: how far each has read, and tries to log in."""

from __future__ import annotations

from inbox.models.login_attempt import LoginAttempt
from inbox.models.read_mark import ReadMark

__all__ = ["LoginAttempt", "ReadMark"]
