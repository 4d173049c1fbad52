"""Recording what dead processes have left in their journals; as often as one likes.

An answer is written by the same conditional step as at first, so one that was recorded after
all, or overtaken by evidence, changes nothing, and nothing here can lead to a second send.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from messaging.failpoints import failpoint
from outbound import journal, recording
from outbound.claims import Claim
from outbound.departures import Departure
from outbound.journal import Line
from outbound.models import SendAttempt
from outbound.places import Place, places_of
from outbound.recording import Outcome
from outbound.retry import Tries

logger = logging.getLogger(__name__)


def replay() -> int:
    """Record the answers of processes that died; how many were news.

    Raises the database's error while it is away: the files then wait. A disk that cannot be
    read is told, and holds nothing up.
    """
    written = 0
    with journal.left_behind() as files:
        for path in files:
            try:
                written += _replay_file(path)
            except OSError:
                logger.exception("journal not read", extra={"file": path.name})
    return written


def _replay_file(path: Path) -> int:
    lines = journal.read(path)
    outcomes = _outcomes(lines)
    failpoint("replaying.read")
    written = recording.record_apart(outcomes) if outcomes else 0
    failpoint("replaying.recorded")
    if len(outcomes) < len({line.attempt_id for line in lines}):
        journal.set_aside(path)
    else:
        path.unlink(missing_ok=True)
    logger.warning(
        "answers replayed", extra={"file": path.name, "answers": len(lines), "news": written}
    )
    return written


def _outcomes(lines: Sequence[Line]) -> list[Outcome]:
    """What the answers mean for the attempts that this database knows."""
    answers = {line.attempt_id: line.answer for line in lines}
    return [
        recording.answered(_departure(place), answers[attempt_id])
        for place in places_of(_claims(list(answers)))
        if (attempt_id := place.claim.attempt_id)
    ]


def _departure(place: Place) -> Departure:
    """As it left, without the request, which nobody sends again from here."""
    return Departure(
        claim=place.claim,
        sender=place.sender,
        external_id=place.external_id,
        deadline_at=place.deadline_at,
    )


def _claims(attempt_ids: Sequence[UUID]) -> list[Claim]:
    attempts = SendAttempt.objects.filter(attempt_id__in=attempt_ids).select_related("entry")
    return [
        Claim(
            conversation_id=attempt.entry.conversation_id,
            token=attempt.token,
            entry_id=attempt.entry_id,
            message_id=attempt.entry.message_id,
            organization_id=attempt.entry.organization_id,
            channel_id=attempt.channel_id,
            ready_at=attempt.entry.ready_at,
            tries=Tries(
                attempts=attempt.entry.attempt_count, throttles=attempt.entry.throttle_count
            ),
            attempt_pk=attempt.pk,
            attempt_id=attempt.attempt_id,
        )
        for attempt in attempts.order_by("pk")
    ]
