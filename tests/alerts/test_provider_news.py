"""What the provider says of accounts and numbers reaches administrators, and ends by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.evaluation import evaluate_rules
from alerts.models import Alert
from alerts.telling import tell_due
from messaging.models import Channel, InboundEvent, ProviderNotice
from outbound import message_templates
from outbound.models import MessageTemplate
from tests.alerts.test_alerts import ada  # noqa: F401 - a fixture
from tests.messaging.conftest import drain_all

pytestmark = pytest.mark.django_db
KINDS = ["provider_news", "provider_state"]


def say(connection, kind: str, *, days_ago: float = 0, **payload) -> None:
    """A notice as the drain keeps it."""
    ProviderNotice.objects.create(
        connection=connection,
        kind=kind,
        key=str(ProviderNotice.objects.count()),
        payload=payload,
        received_at=timezone.now() - timedelta(days=days_ago),
    )


def open_alerts() -> list[tuple[str, str]]:
    rows = Alert.objects.filter(kind__in=KINDS, state="open").order_by("pk")
    return list(rows.values_list("severity", "title"))


def deliver(connection, payloads, name: str) -> None:
    body = (payloads / "cloud" / name).read_bytes()
    InboundEvent.objects.create(connection=connection, body=body)
    drain_all(connection)
    evaluate_rules()


BODIES = [
    ("field_account_update_violation.json", "critical", "broke its rules: adult"),
    ("field_account_update_restriction.json", "critical", "has restricted WhatsApp"),
    ("field_account_update_partner_removed.json", "critical", "no longer have access"),
    ("field_account_alerts.json", "warning", "increased capabilities eligibility deferred"),
    ("field_security_pin_reset.json", "warning", "reset the PIN of +15550783881"),
    ("value_errors_130429.json", "warning", "reports an error"),
    ("field_template_status_rejected.json", "warning", "abandoned_cart"),
]


@pytest.mark.parametrize(("name", "severity", "words"), BODIES)
def test_real_news_are_told_in_plain_words(name, severity, words, connection, payloads) -> None:
    deliver(connection, payloads, name)
    message_templates.absorb()
    evaluate_rules()
    [(told, title)] = open_alerts()
    assert told == severity
    assert words in title


QUIET = [
    "field_account_update_disabled.json",  # its sample gives the account back
    "field_account_review_update.json",
    "field_business_capability_update.json",
    "field_business_username_updates.json",
    "field_phone_number_name_update.json",
    "field_phone_number_quality_update.json",
    "field_template_status_approved.json",
]


@pytest.mark.parametrize("name", QUIET)
def test_good_and_idle_news_wake_nobody(name, connection, payloads) -> None:
    deliver(connection, payloads, name)
    assert open_alerts() == []
    waiting = ProviderNotice.objects.filter(handled_at__isnull=True)
    assert set(waiting.values_list("kind", flat=True)) <= {"message_template_status_update"}


def test_a_ban_is_mailed_once_and_ends_with_its_reversal(connection, ada, mailoutbox) -> None:  # noqa: F811
    say(connection, "account_update", event="DISABLED_UPDATE", ban_info={"waba_ban_state": "X"})
    for _ in range(3):
        evaluate_rules()
        tell_due()
    assert open_alerts() == [("critical", "WhatsApp has disabled WhatsApp")]
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    reinstated = {"waba_ban_state": "REINSTATE"}
    say(connection, "account_update", event="DISABLED_UPDATE", ban_info=reinstated)
    evaluate_rules()
    assert open_alerts() == []


def test_a_worse_word_is_told_anew(connection) -> None:
    for state in ("SCHEDULE_FOR_DISABLE", "DISABLE"):
        ban = {"waba_ban_state": state, "waba_ban_date": "April 17, 2027"}
        say(connection, "account_update", event="DISABLED_UPDATE", ban_info=ban)
        evaluate_rules()
    assert open_alerts() == [("critical", "WhatsApp has disabled WhatsApp")]
    titles = Alert.objects.filter(state="resolved").values_list("title", flat=True)
    assert list(titles) == ["WhatsApp is going to disable WhatsApp (April 17, 2027)"]


@pytest.mark.parametrize("event", ["ACCOUNT_RECONNECTED", "PARTNER_ADDED"])
def test_access_given_back_closes_what_its_loss_opened(event, connection) -> None:
    say(connection, "account_update", event="ACCOUNT_OFFBOARDED")
    evaluate_rules()
    assert [severity for severity, _ in open_alerts()] == ["critical"]
    say(connection, "account_update", event=event)
    evaluate_rules()
    assert open_alerts() == []


def test_a_restriction_ends_when_it_says(connection) -> None:
    soon = timezone.now() + timedelta(hours=1)
    limits = [{"restriction_type": "RESTRICTED_X", "expiration": soon.timestamp()}]
    say(connection, "account_update", event="ACCOUNT_RESTRICTION", restriction_info=limits)
    evaluate_rules()
    assert len(open_alerts()) == 1
    ProviderNotice.objects.update(received_at=timezone.now() - timedelta(days=2))
    limits[0]["expiration"] = (timezone.now() - timedelta(hours=1)).timestamp()
    ProviderNotice.objects.update(
        payload={"event": "ACCOUNT_RESTRICTION", "restriction_info": limits}
    )
    evaluate_rules()
    assert open_alerts() == []


def test_a_security_notice_is_told_for_a_day(connection) -> None:
    say(connection, "security", event="PIN_CHANGED", display_phone_number="1555", days_ago=1.1)
    evaluate_rules()
    assert open_alerts() == []
    say(connection, "security", event="PIN_CHANGED", display_phone_number="1555")
    evaluate_rules()
    assert open_alerts() == [("warning", "The PIN of +1555 was changed")]


def test_a_rejected_name_is_told_until_another_is_accepted(connection) -> None:
    name: dict[str, Any] = {"display_phone_number": "1555", "requested_verified_name": "Best"}
    say(connection, "phone_number_name_update", decision="REJECTED", **name)
    evaluate_rules()
    assert open_alerts() == [("warning", "WhatsApp does not accept the name “Best” for +1555")]
    say(connection, "phone_number_name_update", decision="APPROVED", **name)
    evaluate_rules()
    assert open_alerts() == []


@pytest.mark.parametrize("state", ["FAILED", "SCAN_QR_CODE", "STOPPED"])
def test_a_silent_session_is_told_until_it_works(state, channel, connection) -> None:
    connection.kind = "waha"
    connection.save()
    Channel.objects.update(health=state)
    evaluate_rules()
    assert open_alerts() == [("critical", "Lisboa, loja is not connected to WhatsApp")]
    Channel.objects.update(health="WORKING")
    evaluate_rules()
    assert open_alerts() == []


def test_red_numbers_and_paused_templates_are_told(channel, connection) -> None:
    Channel.objects.update(quality="RED")
    MessageTemplate.objects.create(
        connection=connection,
        provider_id="7",
        name="recibo",
        language="pt",
        status="PAUSED",
        updated_at=timezone.now(),
        status_changed_at=timezone.now(),
    )
    evaluate_rules()
    assert [severity for severity, _ in open_alerts()] == ["warning", "warning"]
    Channel.objects.update(quality="GREEN")
    MessageTemplate.objects.update(status="APPROVED")
    evaluate_rules()
    assert open_alerts() == []


ABSURD = [[], "x", 5, {"event": []}, {"event": "ACCOUNT_RESTRICTION", "restriction_info": 7}]


@pytest.mark.parametrize("payload", ABSURD)
@pytest.mark.parametrize("kind", ["account_update", "account_alerts", "security", "errors"])
def test_absurd_news_break_no_round(kind, payload, connection) -> None:
    say(connection, kind)
    ProviderNotice.objects.update(payload=payload)
    evaluate_rules()
    assert not ProviderNotice.objects.filter(handled_at__isnull=True).exists()


def test_news_of_other_kinds_wait_for_who_needs_them(connection) -> None:
    say(connection, "something_new", event="X")
    say(connection, "account_update", event="VERIFIED_ACCOUNT")
    evaluate_rules()
    waiting = ProviderNotice.objects.filter(handled_at__isnull=True)
    assert [notice.kind for notice in waiting] == ["something_new"]
