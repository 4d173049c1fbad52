"""How one person likes to work; the defaults where nobody has said anything."""

from __future__ import annotations

from django.conf import settings

from inbox.models import AgentProfile
from messaging.models import User


def profile_of(user: User) -> AgentProfile:
    """Somebody's preferences; a row that was never written has the defaults, unsaved."""
    return AgentProfile.objects.filter(user=user).first() or AgentProfile(user=user)


def beside(user: User) -> AgentProfile:
    """The same, as they were read with the user: no query where they came along."""
    return getattr(user, "profile", None) or AgentProfile(user=user)


def undo_seconds(user: User) -> float:
    """How long what this person sends from the composer can be undone; 0: not at all."""
    return settings.UNDO_SECONDS if profile_of(user).has_undo else 0.0
