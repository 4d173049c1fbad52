"""Administrators learn of what nobody asked for, once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from alerts.evaluation import evaluate_rules
from alerts.models import Alert, Notification
from alerts.telling import MOST_ATTEMPTS, tell_due
from messaging.drain import drain_batch
from messaging.models import DeadLetter, InboundEvent, Membership, Role
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(organization):
    user = UserFactory(email="ada@example.com")
    Membership.objects.create(organization=organization, user=user, role=Role.OWNER)
    return user


def deliver(connection, payloads, name: str) -> None:
    body = (payloads / "cloud" / name).read_bytes()
    InboundEvent.objects.create(connection=connection, body=body)
    drain_batch(connection)


def test_administrators_are_mailed_about_a_new_channel(
    connection, payloads, ada, alice, mailoutbox
):
    deliver(connection, payloads, "message_text.json")
    evaluate_rules()
    tell_due()
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    assert "972123456789" in mailoutbox[0].subject


def test_the_same_finding_is_told_once(connection, payloads, ada, mailoutbox):
    deliver(connection, payloads, "message_text.json")
    for _ in range(3):
        evaluate_rules()
        tell_due()
    assert len(mailoutbox) == 1


def test_a_dead_letter_opens_an_alert_and_its_end_resolves_it(connection, ada, mailoutbox):
    InboundEvent.objects.create(connection=connection, body=b"not json")
    drain_batch(connection)
    evaluate_rules()
    alert = Alert.objects.get(kind="dead_letters")
    assert alert.state == "open"
    DeadLetter.objects.update(state="resolved")
    evaluate_rules()
    alert.refresh_from_db()
    assert alert.state == "resolved"


def test_a_refused_mail_is_tried_again_and_then_given_up(connection, payloads, ada, settings):
    settings.EMAIL_BACKEND = "tests.alerts.refusing.Backend"
    deliver(connection, payloads, "message_text.json")
    evaluate_rules()
    for _ in range(MOST_ATTEMPTS):
        Notification.objects.update(due_at=timezone.now())
        assert tell_due() == 0
    notification = Notification.objects.get()
    assert (notification.state, notification.attempts) == ("failed", MOST_ATTEMPTS)
