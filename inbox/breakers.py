"""A person's word over circuit breakers, audited."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from inbox import audit
from messaging.models import Channel, Connection, User
from outbound.breakers import overriding
from outbound.models import Breaker

# The words of the API, and what the row holds.
OVERRIDES = {"open": "open", "closed": "closed", "none": ""}


def decide(subject: Channel | Connection, word: str, *, by: User | None) -> Breaker:
    """Hold a number or connection back, let it send whatever was observed, or lift the word."""
    with transaction.atomic():
        breaker = overriding.breaker_of(subject)
        _override(breaker, word, organization_id=subject.organization_id, by=by)
    breaker.refresh_from_db()
    return breaker


def decide_for_all(breaker: Breaker, word: str, *, by: User | None) -> None:
    """The same for any breaker, hosts included, which every organisation that uses one shares."""
    organizations = sorted(set(overriding.concerned(breaker)))
    with transaction.atomic():
        for organization_id in organizations:
            _override(breaker, word, organization_id=organization_id, by=by)


def _override(breaker: Breaker, word: str, *, organization_id: int, by: User | None) -> None:
    state = OVERRIDES[word]
    overriding.override(breaker, state, by=by)
    audit.record(
        organization_id,
        "override_breaker",
        f"breaker:{breaker.pk}",
        by=by,
        details={"scope": breaker.scope, "override": word, "state": breaker.state},
    )
    transaction.on_commit(partial(overriding.after_override, state), robust=True)
