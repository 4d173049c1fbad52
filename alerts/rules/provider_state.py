"""Addresses and templates that are not well, as the provider last said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from alerts.findings import Finding
from alerts.models import Severity
from messaging import notices
from messaging.models import Channel, ProviderKind
from outbound.models import MessageTemplate

# States of a WAHA session in which nothing arrives and nothing leaves.
# Source: WAHA, "Sessions › Session status".
SILENT_SESSIONS = ("FAILED", "SCAN_QR_CODE", "STOPPED")
UNFIT_TEMPLATES = ("PAUSED", "REJECTED", "DISABLED")
TOLD_FOR = timedelta(days=7)
MARKETING = "MARKETING"
LONGEST_KEY = 120
# The state itself is on the channel by now.
KINDS = ("session.status", "phone_number_quality_update")


def evaluate(now: datetime) -> Iterator[Finding]:
    """Silent sessions, numbers of low quality, templates that cannot be used."""
    channels = Channel.objects.filter(is_active=True, connection__is_active=True)
    for channel in channels.filter(
        connection__kind=ProviderKind.WAHA, health__in=SILENT_SESSIONS
    ).order_by("pk"):
        yield _silent(channel)
    for channel in channels.filter(quality="RED").order_by("pk"):
        yield _red(channel)
    yield from _of_templates(now - TOLD_FOR)


def _of_templates(since: datetime) -> Iterator[Finding]:
    """What became of templates lately; what has always been so is no news."""
    templates = MessageTemplate.objects.select_related("connection").order_by("pk")
    for template in templates.filter(status__in=UNFIT_TEMPLATES, status_changed_at__gt=since):
        yield _unfit(template)
    for template in templates.filter(category_changed_at__gt=since).exclude(status="DELETED"):
        yield _moved(template)
    for template in templates.exclude(coming_category="").filter(updated_at__gt=since):
        yield _moving(template)


def mark_handled(newest: int) -> int:
    """Note that alerts have seen the news up to the notice `newest`."""
    return notices.handle_all(KINDS, until=newest)


def _silent(channel: Channel) -> Finding:
    what_to_do = {
        "SCAN_QR_CODE": _("Open the session in WAHA and scan its QR code with the phone."),
        "FAILED": _("Restart the session in WAHA; if it fails again, log in with the QR code."),
        "STOPPED": _("Start the session in WAHA."),
    }
    return Finding(
        organization_id=channel.organization_id,
        dedup_key=f"provider_state:session:{channel.pk}:{channel.health}",
        severity=Severity.CRITICAL,
        title=_("%(name)s is not connected to WhatsApp") % {"name": channel.name},
        body=_("Nothing arrives and nothing leaves until then.") + f" {what_to_do[channel.health]}",
    )


def _red(channel: Channel) -> Finding:
    return Finding(
        organization_id=channel.organization_id,
        dedup_key=f"provider_state:quality:{channel.pk}",
        severity=Severity.WARNING,
        title=_("Customers complain about messages from %(name)s") % {"name": channel.name},
        body=_(
            "WhatsApp rates the number's quality as low (red). Send less that nobody asked for:"
            " if it stays so, WhatsApp lowers how many people you may write to."
        ),
    )


def _unfit(template: MessageTemplate) -> Finding:
    names = {"name": template.name or template.provider_id, "language": template.language}
    title = {
        "PAUSED": _("WhatsApp has paused the template “%(name)s” (%(language)s)"),
        "REJECTED": _("WhatsApp does not accept the template “%(name)s” (%(language)s)"),
        "DISABLED": _("WhatsApp has disabled the template “%(name)s” (%(language)s)"),
    }[template.status]
    advice = _("It cannot be sent. Change it, or use another one, in WhatsApp Manager.")
    return Finding(
        organization_id=template.connection.organization_id,
        dedup_key=f"provider_state:template:{template.pk}:{template.status}",
        severity=Severity.WARNING,
        title=title % names,
        body=f"{advice} {template.reason}".strip(),
    )


def _moved(template: MessageTemplate) -> Finding:
    words = _category_words(template, template.category)
    return Finding(
        organization_id=template.connection.organization_id,
        dedup_key=f"provider_state:category:{template.pk}:{template.category}"[:LONGEST_KEY],
        severity=Severity.WARNING if template.category == MARKETING else Severity.INFO,
        title=_("WhatsApp has made the template “%(name)s” (%(language)s) %(category)s") % words,
        body=_consequence(template.category),
    )


def _moving(template: MessageTemplate) -> Finding:
    words = _category_words(template, template.coming_category)
    return Finding(
        organization_id=template.connection.organization_id,
        dedup_key=f"provider_state:coming:{template.pk}:{template.coming_category}"[:LONGEST_KEY],
        severity=Severity.WARNING,
        title=_("WhatsApp is going to make the template “%(name)s” (%(language)s) %(category)s")
        % words,
        body=_consequence(template.coming_category),
    )


def _category_words(template: MessageTemplate, category: str) -> dict[str, str]:
    return {
        "name": template.name or template.provider_id,
        "language": template.language,
        "category": category.lower(),
    }


def _consequence(category: str) -> str:
    if category == MARKETING:
        return _(
            "It costs what marketing costs, and goes only to contacts who agreed to offers. If"
            " that is wrong, ask for a review in WhatsApp Manager."
        )
    return _("Its price and the consent it needs follow the new category.")
