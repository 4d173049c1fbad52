"""Findings → alerts: opened once, resolved when the rule no longer finds them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from alerts.findings import Finding
from alerts.models import Alert, AlertState, Notification
from alerts.rules import RULES, provider_news, provider_state
from alerts.telling import tell_due
from messaging import notices
from messaging.heartbeats import beat
from messaging.models import Membership, Role
from messaging.sql import execute

TOLD_ROLES = (Role.OWNER, Role.ADMIN)


def watch_if_late() -> int:
    """Run the rules where nobody has for a minute: beat or its worker is gone."""
    late = execute(
        "SELECT NOT EXISTS (SELECT FROM messaging_heartbeat"
        " WHERE name = 'alerts' AND beat_at > now() - interval '60 seconds')"
    )[0][0]
    return evaluate_rules() + tell_due() if late else 0


def evaluate_rules() -> int:
    """Run every rule; how many alerts were opened. Safe to run twice at once.

    Their sentences are stored for everybody, so they are in the house's own language.
    """
    beat("alerts")
    now = timezone.now()
    newest = notices.newest()
    with translation.override(settings.LANGUAGE_CODE):
        opened = sum(_evaluate(kind, list(evaluate(now)), now) for kind, evaluate in RULES.items())
    for rule in (provider_news, provider_state):
        rule.mark_handled(newest)
    return opened


def _evaluate(kind: str, findings: list[Finding], now: datetime) -> int:
    with transaction.atomic():
        held = {finding.dedup_key for finding in findings}
        Alert.objects.filter(kind=kind, state=AlertState.OPEN).exclude(dedup_key__in=held).update(
            state=AlertState.RESOLVED, resolved_at=now
        )
        opened = [alert for finding in findings if (alert := _open(kind, finding, now))]
        _notify(opened, now)
    return len(opened)


def _open(kind: str, finding: Finding, now: datetime) -> Alert | None:
    """A new alert, or None where one is open already. A finding of a past alert stays told."""
    if Alert.objects.filter(dedup_key=finding.dedup_key, state=AlertState.OPEN).exists():
        return None
    rows = Alert.objects.bulk_create(
        [
            Alert(
                organization_id=finding.organization_id,
                kind=kind,
                dedup_key=finding.dedup_key,
                severity=finding.severity,
                title=finding.title[:200],
                body=finding.body,
                opened_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    del rows  # ids are not known where a concurrent run was faster
    return Alert.objects.filter(
        dedup_key=finding.dedup_key, state=AlertState.OPEN, opened_at=now
    ).first()


def _notify(alerts: Iterable[Alert], now: datetime) -> None:
    for alert in alerts:
        members = Membership.objects.filter(
            organization_id=alert.organization_id, role__in=TOLD_ROLES, user__is_active=True
        )
        Notification.objects.bulk_create(
            [
                Notification(alert=alert, recipient_id=member.user_id, notifier="mail", due_at=now)
                for member in members
            ],
            ignore_conflicts=True,
        )
