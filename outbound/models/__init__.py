"""What is to leave, what became of it, and what may hold it back."""

from __future__ import annotations

from outbound.models.attempt import SendAttempt
from outbound.models.consent import (
    Consent,
    ConsentAction,
    ConsentPolicy,
    ConsentScope,
    SendingPolicy,
)
from outbound.models.entry import MessageClass, OutboxEntry, Urgency
from outbound.models.files import ProviderFile, Upload
from outbound.models.lane import Lane
from outbound.models.limits import Breaker, BreakerState, Quota, QuotaPeriod
from outbound.models.quarantine import Incarnation, Quarantine
from outbound.models.template import MessageTemplate

__all__ = [
    "Breaker",
    "BreakerState",
    "Consent",
    "ConsentAction",
    "ConsentPolicy",
    "ConsentScope",
    "Incarnation",
    "Lane",
    "MessageClass",
    "MessageTemplate",
    "OutboxEntry",
    "ProviderFile",
    "Quarantine",
    "Quota",
    "QuotaPeriod",
    "SendAttempt",
    "SendingPolicy",
    "Upload",
    "Urgency",
]
