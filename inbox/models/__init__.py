"""What the inbox itself remembers: how agents work and what they read, wrote and did."""

from __future__ import annotations

from inbox.models.agent_profile import AgentProfile, RingsFor, SendKey
from inbox.models.audit_entry import AuditEntry, AuditHead
from inbox.models.canned_reply import CannedReply
from inbox.models.draft import Draft, DraftMode
from inbox.models.login_attempt import LoginAttempt
from inbox.models.mention import Mention
from inbox.models.read_mark import ReadMark
from inbox.models.saved_view import SavedView

__all__ = [
    "AgentProfile",
    "AuditEntry",
    "AuditHead",
    "CannedReply",
    "Draft",
    "DraftMode",
    "LoginAttempt",
    "Mention",
    "ReadMark",
    "RingsFor",
    "SavedView",
    "SendKey",
]
