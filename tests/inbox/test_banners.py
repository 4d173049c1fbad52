"""What is urgent stands over everything, in everybody's own organisation."""

from __future__ import annotations

import pytest
from django.utils import timezone

from alerts.models import Alert
from messaging import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def urgent(organization) -> Alert:
    return Alert.objects.create(
        organization=organization,
        kind="provider_news",
        dedup_key="x",
        severity="critical",
        title="WhatsApp has disabled <Catering>",
        body="Ask for a review.",
        opened_at=timezone.now(),
    )


def test_an_urgent_alert_is_a_banner_until_it_is_resolved(urgent, alice, client_of) -> None:
    browser = client_of(alice)
    page = browser.get("/").content.decode()
    assert "WhatsApp has disabled &lt;Catering&gt;." in page
    assert "Ask for a review." in page
    urgent.state = "resolved"
    urgent.save()
    assert "WhatsApp has disabled" not in browser.get("/").content.decode()


def test_what_is_not_urgent_is_no_banner(urgent, alice, client_of) -> None:
    Alert.objects.update(severity="warning")
    assert "WhatsApp has disabled" not in client_of(alice).get("/").content.decode()


def test_others_do_not_read_it(urgent, mallory, client_of) -> None:
    assert "WhatsApp has disabled" not in client_of(mallory).get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "is_staff", "has_link"),
    [
        ("owner", True, True),
        ("owner", False, False),
        ("agent", True, False),
    ],
)
def test_managers_with_the_admin_site_get_a_link(
    role, is_staff, has_link, urgent, alice, client_of
) -> None:
    models.Membership.objects.filter(user=alice).update(role=role)
    models.User.objects.filter(pk=alice.pk).update(is_staff=is_staff)
    page = client_of(alice).get("/").content.decode()
    assert (f"/admin/alerts/alert/{urgent.pk}/change/" in page) is has_link
