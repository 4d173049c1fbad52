"""The failpoints of the way out, by what has to happen so that somebody comes by."""

from __future__ import annotations

from collections.abc import Sequence

from tests.reliability.crash_matrix_cases import Case

WRITING = ("outbox.enqueued", "hints.send")
BEFORE_FENCE = (
    "claims.claiming",
    "claims.claimed",
    "departures.placed",
    "departures.ready",
    "claims.fence",
)
FENCED = ("claims.fenced", "courier.leaving")
ANSWERED = (
    "asking.answered",
    "courier.answered",
    "surely.recording",
    "recording.written",
    "recording.recorded",
)
KEEPING = ("journal.keep", "journal.kept", "journal.forget")
REPLAYING = ("replaying.read", "replaying.recorded")
EVIDENCE = ("evidence.written", "evidence.settled")
SWEEPING = ("claims.settled",)
AGAIN = ("dlq.taken", "redriving.put_back")
POLICY = ("resending.decided", "resending.decision_kept")
POINTS = (
    *(*WRITING, *BEFORE_FENCE, *FENCED, *ANSWERED),
    *(*KEEPING, *REPLAYING, *EVIDENCE, *SWEEPING, *AGAIN, *POLICY),
)
# The courier's thread has no session with Postgres.
WITHOUT_DATABASE = ("courier.leaving", "courier.answered", "asking.answered")


def may_stay(case: Case) -> bool:
    """Whether a person may be asked about what never left: it has passed the fence."""
    return case.point in (*FENCED, *SWEEPING) and case.action != "drop"


def possible(chosen: Sequence[Case]) -> list[Case]:
    """Without sessions that are cut where there is none."""
    return [c for c in chosen if c.action != "drop" or c.point not in WITHOUT_DATABASE]
