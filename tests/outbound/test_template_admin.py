"""Operators fetch templates and read what was heard; nothing there is written by hand."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Contact, User
from outbound import consents
from outbound.consents import Statement
from outbound.models import Consent, MessageTemplate, TemplateSync
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin@example.com", "demo-inbox"))
    return client


def test_fetching_is_asked_for_and_told(
    admin, connection, django_capture_on_commit_callbacks, hinted
) -> None:
    connection.account_id = "102290129340398"
    connection.save()
    other = factories.ConnectionFactory(kind="waha", name="The old phone")
    fields = {"action": "fetch_templates", "_selected_action": [connection.pk, other.pk]}
    with django_capture_on_commit_callbacks(execute=True):
        address = reverse("admin:messaging_connection_changelist")
        page = admin.post(address, fields, follow=True).content.decode()
    assert "WhatsApp: templates will be fetched; so far as of never." in page
    assert "The old phone has no WhatsApp account id" in page
    assert TemplateSync.objects.get().connection == connection
    assert hinted == ["outbound.tasks.sync_due_templates"]


def test_what_was_heard_is_read_and_not_written(admin, connection, carla: Contact) -> None:
    template = MessageTemplate.objects.create(
        connection=connection, provider_id="1", name="recibo", updated_at=timezone.now()
    )
    said = Statement(contact=carla, source="counter", at=timezone.now())
    line = consents.grant(said)
    for name, row in (("messagetemplate", template), ("consent", line)):
        assert admin.get(reverse(f"admin:outbound_{name}_changelist")).status_code == 200
        page = admin.get(reverse(f"admin:outbound_{name}_change", args=[row.pk]))
        assert b'name="_save"' not in page.content
        assert (
            admin.post(reverse(f"admin:outbound_{name}_delete", args=[row.pk])).status_code == 403
        )
    assert Consent.objects.count() == 1
