"""What the inbox itself remembers: what was read, tries to log in, and who did what."""

from __future__ import annotations

from inbox.models.audit_entry import AuditEntry, AuditHead
from inbox.models.login_attempt import LoginAttempt
from inbox.models.read_mark import ReadMark

__all__ = ["AuditEntry", "AuditHead", "LoginAttempt", "ReadMark"]
