"""Reading breakers, and a person's word over them."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from messaging.models import Channel, Connection, User
from outbound.breakers import board, closing, probing, scopes
from outbound.models import Breaker, BreakerState

SEVERITIES = {"closed": 0, "half_open": 1, "open": 2}


def holding() -> QuerySet[Breaker]:
    """Those that let nothing leave now."""
    observed = Q(override="") & ~Q(state=BreakerState.CLOSED)
    decided = ~Q(override__in=["", BreakerState.CLOSED.value])
    return Breaker.objects.filter(observed | decided).select_related("channel", "connection")


def states() -> dict[tuple[str, str], int]:
    """The worst state by kind of scope and slug of the connection; a host has none."""
    found: dict[tuple[str, str], int] = {}
    rows = Breaker.objects.select_related("connection", "channel__connection")
    for breaker in rows:
        channel = breaker.channel
        connection = channel.connection if channel else breaker.connection
        label = (scopes.kind_of(breaker.scope), connection.slug if connection else "")
        state = SEVERITIES[breaker.override or breaker.state]
        found[label] = max(found.get(label, 0), state)
    return found


def breaker_of(subject: Channel | Connection) -> Breaker:
    """A number's or connection's breaker, which there is from now on."""
    is_channel = isinstance(subject, Channel)
    scope = scopes.of_channel(subject.pk) if is_channel else scopes.of_connection(subject.pk)
    owner = {"channel": subject} if is_channel else {"connection": subject}
    return Breaker.objects.get_or_create(scope=scope, defaults=owner)[0]


def override(breaker: Breaker, state: str, *, by: User | None) -> None:
    """Hold everything back (`open`), let everything pass (`closed`), or lift the word ("").

    What was observed goes on being observed beneath.
    """
    changes = {"override": state, "override_by": by, "override_at": Now() if state else None}
    if state != BreakerState.OPEN:
        changes["closed_at"] = Now()
    Breaker.objects.filter(pk=breaker.pk).update(**changes)
    board.forget()


def after_override(state: str) -> None:
    """Once the word is committed: what waited may leave at once."""
    if state != BreakerState.OPEN:
        closing.release()


def concerned(breaker: Breaker) -> list[int]:
    """The organisations whose messages it holds back."""
    if breaker.channel is not None:
        return [breaker.channel.organization_id]
    if breaker.connection is not None:
        return [breaker.connection.organization_id]
    return sorted({each.organization_id for each in probing.connections_of(breaker.scope)})
