"""Reading the provider's news: which topics a notice opens or closes, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from alerts.models import Severity
from messaging.models import ProviderNotice
from messaging.providers.values import mapping, rows, text

ONE_DAY = timedelta(days=1)
ONE_WEEK = timedelta(days=7)
LONG = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opens:
    """Something that somebody must know, until it is closed or `lasts` is over."""

    topic: str
    event: str
    severity: Severity
    title: str
    body: str
    lasts: timedelta = LONG
    until: datetime | None = None

    def holds_until(self, heard_at: datetime) -> datetime:
        """When it is over by itself; an end that was over when it was said is not believed."""
        if self.until is not None and self.until > heard_at:
            return self.until
        return heard_at + self.lasts


@dataclass(frozen=True, slots=True)
class Closes:
    """All is well again with the topics that begin with one of these."""

    topics: tuple[str, ...]


News = Iterator[Opens | Closes]


def of_account(payload: dict[str, Any], notice: ProviderNotice) -> News:
    """Bans, violations, restrictions, and access to the account lost or given back."""
    event = text(payload.get("event"), most=60)
    names = {"account": notice.connection.name}
    if event == "DISABLED_UPDATE":
        yield from _ban(payload, names)
    elif event == "ACCOUNT_RESTRICTION":
        yield _restriction(payload, names)
    elif event == "ACCOUNT_VIOLATION":
        kind = text(mapping(payload.get("violation_info")).get("violation_type"), most=60)
        yield Opens(
            topic="violation",
            event=kind or event,
            severity=Severity.CRITICAL,
            title=_("WhatsApp says that %(account)s broke its rules: %(kind)s")
            % {**names, "kind": _spoken(kind) or _("it does not say which")},
            body=_(
                "If it happens again, WhatsApp may restrict or disable the account. Open Account"
                " quality in WhatsApp Manager to see what was found, and ask for a review there if"
                " it is wrong."
            ),
            lasts=timedelta(days=30),
        )
    elif event in LOST:
        yield Opens(
            topic="access",
            event=event,
            severity=Severity.CRITICAL,
            title=LOST[event]() % names,
            body=_(
                "Nothing can be sent from its numbers. Connect the account again in WhatsApp"
                " Manager, then check the access token of the connection here. What arrived so"
                " far is kept."
            ),
        )
    elif event in REGAINED:
        yield Closes(("access",))


def _ban(payload: dict[str, Any], names: dict[str, str]) -> News:
    ban = mapping(payload.get("ban_info"))
    state = text(ban.get("waba_ban_state"), most=40)
    day = text(ban.get("waba_ban_date"), most=40)
    if state == "REINSTATE":
        yield Closes(("ban", "violation", "restriction"))
    elif state == "SCHEDULE_FOR_DISABLE":
        title = _("WhatsApp is going to disable %(account)s") % names
        yield Opens(
            topic="ban",
            event=state,
            severity=Severity.CRITICAL,
            title=f"{title} ({day})" if day else title,
            body=_(
                "From then on nothing can be sent. Open Account quality in WhatsApp Manager now"
                " and ask for a review."
            ),
        )
    else:
        yield Opens(
            topic="ban",
            event=state or "DISABLE",
            severity=Severity.CRITICAL,
            title=_("WhatsApp has disabled %(account)s") % names,
            body=_(
                "Nothing can be sent until WhatsApp lifts this. Open Account quality in WhatsApp"
                " Manager and ask for a review. What arrived so far is kept."
            ),
        )


def _restriction(payload: dict[str, Any], names: dict[str, str]) -> Opens:
    found = rows(payload.get("restriction_info"))
    kinds = sorted({text(each.get("restriction_type"), most=60) for each in found} - {""})
    ends = [at for each in found if (at := _moment(each.get("expiration")))]
    return Opens(
        topic="restriction",
        event="+".join(kinds),
        severity=Severity.CRITICAL,
        title=_("WhatsApp has restricted %(account)s") % names,
        body=_(
            "Restricted: %(kinds)s. Replies to customers who wrote in the last 24 hours usually"
            " still leave. Open Account quality in WhatsApp Manager to see why and until when."
        )
        % {
            "kinds": ", ".join(RESTRICTED.get(kind, partial(_spoken, kind))() for kind in kinds)
            or _("it does not say what")
        },
        lasts=ONE_WEEK,
        until=max(ends, default=None),
    )


def of_alerts(payload: dict[str, Any], notice: ProviderNotice) -> News:
    """What WhatsApp itself calls alerts, with its own severity and words."""
    info = mapping(payload.get("alert_info")) or payload
    kind = text(info.get("alert_type"), most=60)
    severity = SEVERITIES.get(text(info.get("alert_severity")).upper())
    if severity is None:
        return
    if text(info.get("alert_status")).upper() in OVER:
        yield Closes((f"alert.{kind}",))
        return
    yield Opens(
        topic=f"alert.{kind}",
        event=severity,
        severity=severity,
        title=_("WhatsApp about %(account)s: %(kind)s")
        % {"account": notice.connection.name, "kind": _spoken(kind) or _("an alert")},
        body=text(info.get("alert_description"), most=1000)
        or _("Open WhatsApp Manager to see what it is about."),
        lasts=ONE_WEEK,
    )


def of_security(payload: dict[str, Any], notice: ProviderNotice) -> News:
    """The two-step PIN of a number was changed or is about to be."""
    event = text(payload.get("event"), most=60)
    number = text(payload.get("display_phone_number"), most=40)
    sentence = PINS.get(event, lambda: _("A security setting of %(number)s changed: %(event)s"))
    yield Opens(
        topic=f"security.{number}",
        event=event,
        severity=Severity.WARNING,
        title=sentence() % {"number": _plus(number), "event": _spoken(event)},
        body=_(
            "If nobody of you did this, open the number in WhatsApp Manager, change its PIN and"
            " look through who has access to the account."
        ),
        lasts=ONE_DAY,
    )


def of_name(payload: dict[str, Any], notice: ProviderNotice) -> News:
    """Whether customers may see the name we asked for."""
    number = text(payload.get("display_phone_number"), most=40)
    if text(payload.get("decision")).upper() != "REJECTED":
        yield Closes((f"name.{number}",))
        return
    reason = text(payload.get("rejection_reason"), most=200)
    yield Opens(
        topic=f"name.{number}",
        event="REJECTED",
        severity=Severity.WARNING,
        title=_("WhatsApp does not accept the name “%(name)s” for %(number)s")
        % {
            "name": text(payload.get("requested_verified_name"), most=80),
            "number": _plus(number),
        },
        body=_("Choose another display name for the number in WhatsApp Manager.")
        + (f" {_spoken(reason)}" if reason and reason != "NONE" else ""),
        lasts=ONE_WEEK,
    )


def of_errors(payload: dict[str, Any], notice: ProviderNotice) -> News:
    """Errors that WhatsApp reports of a number, and of no message."""
    place = notice.channel.name if notice.channel else notice.connection.name
    for error in rows(payload.get("errors")):
        code = str(error.get("code", ""))[:20]
        title = text(error.get("title"), most=100) or text(error.get("message"), most=100)
        details = text(mapping(error.get("error_data")).get("details"), most=500)
        yield Opens(
            topic=f"errors.{notice.channel_id}.{code}",
            event=code,
            severity=Severity.WARNING,
            title=_("WhatsApp reports an error of %(place)s: %(title)s")
            % {"place": place, "title": title or code},
            body=" ".join(part for part in (details, _("Error code: %s") % code) if part),
            lasts=ONE_DAY,
        )


def _spoken(word: str) -> str:
    """RESTRICTED_BIZ_INITIATED_MESSAGING as words; the provider has no others."""
    return word.replace("_", " ").lower()


def _plus(number: str) -> str:
    return f"+{number}" if number.isdecimal() else number


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


SEVERITIES = {
    "CRITICAL": Severity.CRITICAL,
    "WARNING": Severity.WARNING,
}
RESTRICTED: dict[str, Callable[[], str]] = {
    "RESTRICTED_BIZ_INITIATED_MESSAGING": lambda: _("writing to customers first"),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": lambda: _("answering customers"),
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": lambda: _("adding phone numbers"),
}
OVER = {"RESOLVED", "INACTIVE", "NONE"}
LOST: dict[str, Callable[[], str]] = {
    "ACCOUNT_DELETED": lambda: _("The WhatsApp account of %(account)s was deleted"),
    "ACCOUNT_OFFBOARDED": lambda: _("%(account)s was taken off the WhatsApp Business Platform"),
    "PARTNER_REMOVED": lambda: _("We no longer have access to the WhatsApp account of %(account)s"),
    "PARTNER_APP_UNINSTALLED": lambda: _(
        "Our app was removed from the WhatsApp account of %(account)s"
    ),
}
REGAINED = {"ACCOUNT_RECONNECTED", "PARTNER_ADDED", "PARTNER_APP_INSTALLED"}
PINS: dict[str, Callable[[], str]] = {
    "PIN_CHANGED": lambda: _("The PIN of %(number)s was changed"),
    "PIN_RESET_REQUEST": lambda: _("Somebody asked to reset the PIN of %(number)s"),
    "PIN_REQUEST_SUCCESS": lambda: _("The PIN of %(number)s was reset"),
}
READERS: dict[str, Callable[[dict[str, Any], ProviderNotice], News]] = {
    "account_update": of_account,
    "account_alerts": of_alerts,
    "security": of_security,
    "phone_number_name_update": of_name,
    "errors": of_errors,
}
