"""Who wrote what to whom, and all that arrives."""

from __future__ import annotations

from messaging.models.amendment import Amendment, AmendmentKind
from messaging.models.channel import Channel, Courtesy
from messaging.models.connection import Connection, ProviderKind
from messaging.models.contact import Contact, ContactIdentity, IdentityKind
from messaging.models.conversation import Conversation, ConversationState, Episode, Priority
from messaging.models.dead_letter import DeadLetter, DeadLetterSource, DeadLetterState
from messaging.models.heartbeat import Heartbeat
from messaging.models.inbound import (
    EventState,
    InboundEvent,
    InboundItem,
    Outcome,
    ProviderNotice,
)
from messaging.models.media import Media, MediaState
from messaging.models.merge import ContactMerge, MergeSuggestion, SuggestionState
from messaging.models.message import AuthorType, Direction, Message, MessageStatus
from messaging.models.organization import (
    Invitation,
    Label,
    Membership,
    Organization,
    OrganizationCounter,
    Role,
    Team,
)
from messaging.models.receipt import Receipt
from messaging.models.user import User

__all__ = [
    "Amendment",
    "AmendmentKind",
    "AuthorType",
    "Channel",
    "Connection",
    "Contact",
    "ContactIdentity",
    "ContactMerge",
    "Conversation",
    "ConversationState",
    "Courtesy",
    "DeadLetter",
    "DeadLetterSource",
    "DeadLetterState",
    "Direction",
    "Episode",
    "EventState",
    "Heartbeat",
    "IdentityKind",
    "InboundEvent",
    "InboundItem",
    "Invitation",
    "Label",
    "Media",
    "MediaState",
    "Membership",
    "MergeSuggestion",
    "Message",
    "MessageStatus",
    "Organization",
    "OrganizationCounter",
    "Outcome",
    "Priority",
    "ProviderKind",
    "ProviderNotice",
    "Receipt",
    "Role",
    "SuggestionState",
    "Team",
    "User",
]
