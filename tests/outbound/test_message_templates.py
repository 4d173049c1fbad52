"""News of templates, real bodies through the drain, become what we know of them."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from messaging import notices
from messaging.models import InboundEvent, ProviderNotice
from outbound import message_templates
from outbound.models import MessageTemplate
from tests.messaging.conftest import at_once, drain_all

pytestmark = pytest.mark.django_db


def news(connection, kind: str, **payload) -> ProviderNotice:
    """A notice as the drain keeps it."""
    named = {"message_template_id": 7, "message_template_name": "recibo"}
    return ProviderNotice.objects.create(
        connection=connection,
        kind=kind,
        key=str(ProviderNotice.objects.count()),
        payload={**named, "message_template_language": "pt_PT", **payload},
        received_at=timezone.now(),
    )


def status(connection, event: str, **payload) -> ProviderNotice:
    return news(connection, message_templates.STATUS, event=event, **payload)


def test_real_news_make_a_template_that_nobody_fetched(connection, payloads) -> None:
    body = (payloads / "cloud" / "field_template_status_rejected.json").read_bytes()
    InboundEvent.objects.create(connection=connection, body=body)
    drain_all(connection)
    assert message_templates.absorb() == 1
    template = MessageTemplate.objects.get()
    assert (template.name, template.language) == ("abandoned_cart", "en")
    assert (template.status, template.category) == ("REJECTED", "MARKETING")
    assert "parameters placed next to each other" in template.reason
    assert template.is_stale, "its text is not known"
    assert message_templates.absorb() == 0


def test_the_newest_word_counts(connection) -> None:
    status(connection, "PAUSED", reason="LOW_QUALITY")
    status(connection, "APPROVED", reason="NONE", message_template_category="UTILITY")
    news(connection, message_templates.QUALITY, new_quality_score="YELLOW")
    message_templates.absorb()
    template = MessageTemplate.objects.get()
    assert (template.status, template.reason) == ("APPROVED", "")
    assert (template.category, template.quality) == ("UTILITY", "YELLOW")


def test_news_keep_what_they_do_not_speak_of(connection) -> None:
    known = MessageTemplate.objects.create(
        connection=connection,
        provider_id="7",
        name="recibo",
        components=[{"type": "BODY", "text": "Obrigado"}],
        is_stale=False,
        updated_at=timezone.now(),
    )
    status(connection, "PAUSED")
    message_templates.absorb()
    known.refresh_from_db()
    assert (known.status, known.is_stale) == ("PAUSED", False)
    assert known.components == [{"type": "BODY", "text": "Obrigado"}]


@pytest.mark.parametrize("event", ["REINSTATED", "SOMETHING_NEW"])
def test_what_is_not_understood_is_kept_and_fetched_again(connection, event) -> None:
    status(connection, "APPROVED")
    message_templates.absorb()
    MessageTemplate.objects.update(is_stale=False)
    status(connection, event)
    message_templates.absorb()
    assert MessageTemplate.objects.get(status=event).is_stale


def test_a_changed_text_is_kept_and_fetched_again(connection) -> None:
    button = {"message_template_button_type": "URL", "message_template_button_text": "Ver"}
    news(
        connection,
        message_templates.COMPONENTS,
        message_template_element="Olá {{1}}",
        message_template_buttons=[button],
    )
    message_templates.absorb()
    template = MessageTemplate.objects.get()
    assert template.is_stale
    assert template.components == [
        {"type": "BODY", "text": "Olá {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver"}]},
    ]


def test_a_change_that_is_to_come_is_not_made_yet(connection) -> None:
    coming = {"new_category": "UTILITY", "correct_category": "MARKETING"}
    news(connection, message_templates.CATEGORY, **coming)
    message_templates.absorb()
    template = MessageTemplate.objects.get()
    assert (template.category, template.is_stale) == ("UTILITY", True)


@pytest.mark.parametrize("payload", [[], {"message_template_id": None}, {"event": 5}, "x", 5])
def test_absurd_news_are_done_with(connection, payload) -> None:
    notice = status(connection, "APPROVED")
    ProviderNotice.objects.filter(pk=notice.pk).update(payload=json.loads(json.dumps(payload)))
    assert message_templates.absorb() == 1
    assert not MessageTemplate.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_keep_the_order(connection, monkeypatch) -> None:
    monkeypatch.setattr(notices.waiting, "__kwdefaults__", {"limit": 3})
    for number in range(40):
        status(connection, f"EVENT_{number}")

    def sweep() -> None:
        while message_templates.absorb():
            pass

    at_once(sweep, sweep, sweep)
    assert MessageTemplate.objects.get().status == "EVENT_39"
    assert not ProviderNotice.objects.filter(handled_at__isnull=True).exists()
