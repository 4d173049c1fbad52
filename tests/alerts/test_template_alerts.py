"""What WhatsApp does to templates reaches administrators; what was so before is no news."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from alerts.evaluation import evaluate_rules
from alerts.models import Alert
from messaging.models import ProviderNotice
from outbound import message_templates
from outbound.models import MessageTemplate

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(connection) -> MessageTemplate:
    """A template that was fetched long ago."""
    long_ago = timezone.now() - timedelta(days=30)
    return MessageTemplate.objects.create(
        connection=connection,
        provider_id="7",
        name="recibo",
        language="pt_PT",
        status="APPROVED",
        category="UTILITY",
        is_stale=False,
        updated_at=long_ago,
        synced_at=long_ago,
    )


def news(template: MessageTemplate, kind: str, **payload: Any) -> None:
    ProviderNotice.objects.create(
        connection=template.connection,
        kind=kind,
        key=str(ProviderNotice.objects.count()),
        payload={"message_template_id": 7, **payload},
        received_at=timezone.now(),
    )
    message_templates.absorb()
    evaluate_rules()


def titles() -> list[str]:
    rows = Alert.objects.filter(kind="provider_state", state="open")
    return list(rows.values_list("title", flat=True))


@pytest.mark.parametrize("event", ["PAUSED", "REJECTED", "DISABLED"])
def test_a_template_that_was_stopped_is_told_until_it_is_back(known, event) -> None:
    news(known, message_templates.STATUS, event=event)
    assert ["recibo" in title for title in titles()] == [True]
    news(known, message_templates.STATUS, event="APPROVED")
    assert titles() == []


def test_what_was_so_when_it_was_first_fetched_is_no_news(known) -> None:
    MessageTemplate.objects.update(status="REJECTED", updated_at=timezone.now())
    evaluate_rules()
    assert titles() == []


def test_another_category_is_told_with_its_price(known) -> None:
    news(known, message_templates.CATEGORY, new_category="MARKETING")
    assert titles() == ["WhatsApp has made the template “recibo” (pt_PT) marketing"]
    assert "agreed to offers" in Alert.objects.get(kind="provider_state").body
    MessageTemplate.objects.update(category_changed_at=timezone.now() - timedelta(days=8))
    evaluate_rules()
    assert titles() == []


def test_a_category_that_is_announced_is_told_once_and_then_made(known) -> None:
    coming = {"new_category": "UTILITY", "correct_category": "MARKETING"}
    news(known, message_templates.CATEGORY, **coming)
    assert titles() == ["WhatsApp is going to make the template “recibo” (pt_PT) marketing"]
    news(known, message_templates.CATEGORY, new_category="MARKETING")
    assert titles() == ["WhatsApp has made the template “recibo” (pt_PT) marketing"]
