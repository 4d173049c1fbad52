"""Nothing leaves through a number, a connection or a host: somebody should know, or act."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from outbound.breakers import overriding
from outbound.models import Breaker


def evaluate(now: datetime) -> Iterator[Finding]:
    """Breakers that hold messages back, for every organisation whose messages these are."""
    del now  # what holds now is in the rows
    for breaker in overriding.holding().order_by("pk"):
        for organization_id in overriding.concerned(breaker):
            yield _finding(breaker, organization_id)


def _finding(breaker: Breaker, organization_id: int) -> Finding:
    is_access = breaker.connection is not None and not breaker.override
    return Finding(
        organization_id=organization_id,
        dedup_key=f"breakers:{breaker.pk}:{organization_id}:{breaker.override}",
        severity=Severity.CRITICAL if is_access else Severity.WARNING,
        title=_title(breaker),
        body=_advice(breaker),
    )


def _title(breaker: Breaker) -> str:
    if breaker.override:
        return _("An administrator has paused sending through %(name)s") % {"name": _name(breaker)}
    if breaker.connection is not None:
        return _("%(name)s has lost its access to WhatsApp") % {"name": _name(breaker)}
    if breaker.channel is not None:
        return _("WhatsApp does not answer for %(name)s") % {"name": _name(breaker)}
    return _("%(name)s cannot be reached") % {"name": _name(breaker)}


def _advice(breaker: Breaker) -> str:
    kept = _("Messages wait in their order; each fails when its deadline passes.")
    if breaker.override:
        return f"{kept} " + _("They leave once somebody lifts the pause under Breakers.")
    if breaker.connection is not None:
        return f"{kept} " + _("Enter a new access token at the connection: it is tested at once.")
    return f"{kept} " + _("Nothing has to be done: it is asked again and again until it answers.")


def _name(breaker: Breaker) -> str:
    if breaker.channel is not None:
        return breaker.channel.name
    if breaker.connection is not None:
        return breaker.connection.name
    return breaker.scope.partition(":")[2]
