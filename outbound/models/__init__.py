"""What is to leave, what became of it, and what may hold it back."""

from __future__ import annotations

from outbound.models.attempt import SendAttempt
from outbound.models.buckets import Bucket, Limiter, LimiterBackend, Start
from outbound.models.consent import (
    Consent,
    ConsentAction,
    ConsentPolicy,
    ConsentScope,
    SendingPolicy,
)
from outbound.models.courtesy import ReadNotice
from outbound.models.entry import MessageClass, OutboxEntry, Urgency
from outbound.models.files import ProviderFile, ProviderFileState, Upload
from outbound.models.lane import Lane
from outbound.models.limits import Breaker, BreakerState, Quota, QuotaPeriod
from outbound.models.quarantine import Incarnation, Quarantine
from outbound.models.template import MessageTemplate, TemplateSync

__all__ = [
    "Breaker",
    "BreakerState",
    "Bucket",
    "Consent",
    "ConsentAction",
    "ConsentPolicy",
    "ConsentScope",
    "Incarnation",
    "Lane",
    "Limiter",
    "LimiterBackend",
    "MessageClass",
    "MessageTemplate",
    "OutboxEntry",
    "ProviderFile",
    "ProviderFileState",
    "Quarantine",
    "Quota",
    "QuotaPeriod",
    "ReadNotice",
    "SendAttempt",
    "SendingPolicy",
    "Start",
    "TemplateSync",
    "Upload",
    "Urgency",
]
