"""What the composer shows beside the words in it: whose drafts there are, and how it is used."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from inbox import drafts, profiles
from inbox.models import Draft, DraftMode
from messaging.models import Conversation, Membership


def parts(membership: Membership, conversation: Conversation, *, mode: str = "") -> dict[str, Any]:
    """Drafts, preferences and the tab; `mode` as somebody's address asks for it."""
    if not membership.replies:
        return {}
    user = membership.user
    own = drafts.own(user, conversation)
    mode = mode if mode in DraftMode.values else DraftMode.REPLY
    profile = profiles.profile_of(user)
    return {
        "mode": mode,
        "draft": own.get(mode) or Draft(mode=mode, version=0),
        "drafts": [own.get(each) or Draft(mode=each, version=0) for each in DraftMode.values],
        "drafts_beside": drafts.beside(user, conversation),
        "send_key": profile.send_key,
        "undo_seconds": settings.UNDO_SECONDS if profile.has_undo else 0,
    }
