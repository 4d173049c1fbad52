"""Telling by mail."""

from __future__ import annotations

from django.core.mail import send_mail
from prometheus_client import Counter

from alerts.models import Notification

sent_total = Counter("outbound_alert_email_sent", "Alert mails handed over.", ["severity"])


def tell(notification: Notification) -> None:
    """Hand one mail to the mail server. Raises OSError or SMTPException when it refuses."""
    alert = notification.alert
    subject = " ".join(f"[{alert.organization.name}] {alert.title}".split())
    send_mail(subject, alert.body, None, [notification.recipient.email])
    sent_total.labels(alert.severity).inc()
