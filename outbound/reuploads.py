"""After the dispatch has met a message's file: have it uploaded, uploaded again, or forgotten.

Best effort: whatever is not done here is met again with the message's next try.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence

from django.db import DatabaseError, InterfaceError, connection, transaction

from messaging.providers.answers import Answer
from outbound import provider_files
from outbound.departures import Departure

logger = logging.getLogger(__name__)

# What the provider says of an id that it no longer knows. Source: Cloud API, "Error codes".
UPLOAD_ERROR = 131053
INVALID = 100
UNKNOWN_FILE = "media attachment"
WAITING = "file_waiting"


def is_forgotten(departure: Departure, answer: Answer) -> bool:
    """Whether the provider has lost our file, and it may be uploaded once more."""
    return _names_file(departure, answer) and not _was_renewed(departure)


def follow_refusals(stopped: Iterable[Departure]) -> None:
    """Ask for files that messages wait for; forget those whose failure was told."""
    told = [(each, each.refusal) for each in stopped if each.refusal and each.file is not None]
    _try(provider_files.ask_for, [each for each, refusal in told if refusal.code == WAITING])
    _try(provider_files.forget, [each for each, refusal in told if not refusal.waits])


def follow_answers(deliveries: Sequence[tuple[Departure, Answer]]) -> None:
    """Have lost files uploaded again; forget those that are refused even then."""
    named = [(each, answer) for each, answer in deliveries if _names_file(each, answer)]
    _try(provider_files.renew_expired, [each for each, _ in named if not _was_renewed(each)])
    _try(provider_files.forget, [each for each, _ in named if _was_renewed(each)])


def _names_file(departure: Departure, answer: Answer) -> bool:
    if departure.file is None or not departure.file.provider_id:
        return False
    said = f"{answer.title} {answer.details}".lower()
    return answer.code == UPLOAD_ERROR or (answer.code == INVALID and UNKNOWN_FILE in said)


def _was_renewed(departure: Departure) -> bool:
    return departure.file is not None and departure.file.was_renewed


def _try(do: Callable[[Collection[int]], object], departures: Sequence[Departure]) -> None:
    if not departures:
        return
    try:
        with transaction.atomic():
            do([each.claim.message_id for each in departures])
    except (DatabaseError, InterfaceError):
        logger.warning("files wait for Postgres", extra={"count": len(departures)})
        connection.close()
