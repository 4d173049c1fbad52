"""Facts that leave something to do here: look now rather than at the next sweep."""

from __future__ import annotations

from typing import Any

from messaging.events import (
    ConnectionChanged,
    ConsentHeard,
    MessagesFailed,
    MessagesReceived,
    ReceiptsParked,
    announced,
)
from messaging.hints import hint
from outbound import limits
from outbound.tasks import absorb_consents, keep_late_failures, probe_breakers, take_evidence


def connect() -> None:
    """Listen to messaging's facts."""
    announced.connect(on_receipts_parked, sender=ReceiptsParked)
    announced.connect(on_consent_heard, sender=ConsentHeard)
    announced.connect(on_messages_failed, sender=MessagesFailed)
    announced.connect(on_connection_changed, sender=ConnectionChanged)
    announced.connect(on_messages_received, sender=MessagesReceived)


def on_receipts_parked(fact: ReceiptsParked, **_: Any) -> None:
    """They may be the only answer to a send that we get."""
    hint(take_evidence, *fact.receipt_ids, queue="send")


def on_consent_heard(**_: Any) -> None:
    """Somebody may have said no, which counts from now on."""
    hint(absorb_consents, queue="send")


def on_messages_failed(**_: Any) -> None:
    """The provider took a message and gave it up later."""
    hint(keep_late_failures, queue="background")


def on_connection_changed(fact: ConnectionChanged, **_: Any) -> None:
    """Other secrets may open what was closed."""
    hint(probe_breakers, fact.connection_id, queue="background")


def on_messages_received(fact: MessagesReceived, **_: Any) -> None:
    """What came in may not go out as well: in and out count together.

    Source: Cloud API, "Throughput".
    """
    limits.hear(dict(fact.channel_counts))
