"""What answers teach the limits, and what messages are told of their waiting."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import DatabaseError, InterfaceError

from outbound import heads, limits, waits
from outbound.error_codes import ErrorClass
from outbound.limits import quotas
from outbound.protocol import AttemptState, EntryState

if TYPE_CHECKING:
    from outbound.recording import Outcome

logger = logging.getLogger(__name__)


UNSENT = {AttemptState.NOT_SENT, AttemptState.REJECTED}


def uncount(outcomes: Sequence[Outcome], were: Mapping[int, str]) -> None:
    """Give back what attempts that did not leave had taken of their organisation's quota.

    `were` has the attempts of which that is news; in the transaction that writes them.
    """
    quotas.give_back(
        [
            outcome.claim.attempt_pk
            for outcome in outcomes
            if outcome.claim.attempt_pk is not None
            and outcome.claim.attempt_pk in were
            and outcome.verdict.state in UNSENT
        ]
    )


def tell(outcomes: Sequence[Outcome]) -> None:
    """Lower the rate of numbers and the burst of pairs that the provider throttles.

    Called once outcomes are committed; what goes wrong here is logged, since the next throttle
    says it again.
    """
    try:
        _learn([outcome for outcome in outcomes if outcome.answer.code is not None])
        throttled = [o for o in outcomes if o.step.state is EntryState.THROTTLED]
        waits.tell({o.claim.message_id: o.verdict.error_code for o in throttled})
    except (DatabaseError, InterfaceError):
        logger.warning("throttles not heard", extra={"count": len(outcomes)})


def _learn(answered: Sequence[Outcome]) -> None:
    numbers = {o.claim.channel_id for o in answered if _says(o, ErrorClass.NUMBER_THROTTLED)}
    if numbers:
        limits.cut(sorted(numbers))
    pairs = [o.claim.conversation_id for o in answered if _says(o, ErrorClass.PAIR_THROTTLED)]
    if pairs:
        heads.use_up_pairs(pairs)


def _says(outcome: Outcome, error_class: ErrorClass) -> bool:
    return outcome.verdict.error_class is error_class
