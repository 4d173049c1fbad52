"""The baseline, as one writes it first: a Django view and a Celery task for each message.

The view checks the signature and hands every message to the broker; the task, in a transaction
of its own, gets or creates contact and conversation and adds the message. The 200 is given
before anything is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

# ruff: noqa: E402 - Django is set up before its models are imported
from celery import shared_task
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.celery import app
from messaging.models import Channel, Contact, ContactIdentity, Conversation, Message, Receipt
from messaging.simulator import demo

# Else Celery would connect to Postgres anew for every task: the baseline is to be a fair one.
app.conf["CELERY_DB_REUSE_MAX"] = 1000
settings.ROOT_URLCONF = __name__
# What `django-admin startproject` switches on.
settings.MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
__all__ = ["app", "application"]


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Verify, queue each message, answer."""
    digest = hmac.new(demo.APP_SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={digest}", request.headers["X-Hub-Signature-256"]):
        return HttpResponse(status=403)
    for entry in json.loads(request.body)["entry"]:
        for change in entry["changes"]:
            value = change["value"]
            for message in value.get("messages", []):
                store_message.delay(value["metadata"]["phone_number_id"], message)
            for status in value.get("statuses", []):
                store_status.delay(value["metadata"]["phone_number_id"], status)
    return HttpResponse()


@shared_task(queue="inbound")
def store_message(phone_number_id: str, raw: dict[str, Any]) -> None:
    """One message, one transaction."""
    now = datetime.now(UTC)
    with transaction.atomic():
        channel = Channel.objects.get(external_id=phone_number_id)
        if Message.objects.filter(channel=channel, provider_id=raw["id"]).exists():
            return
        contact = _contact(channel, raw["from"])
        conversation, _ = Conversation.objects.get_or_create(
            channel=channel, contact=contact, defaults={"organization": channel.organization}
        )
        conversation = Conversation.objects.select_for_update().get(pk=conversation.pk)
        conversation.head_seq += 1
        conversation.last_message = Message.objects.create(
            organization=channel.organization,
            conversation=conversation,
            channel=channel,
            seq=conversation.head_seq,
            changed_seq=conversation.head_seq,
            direction="in",
            kind=raw["type"],
            text=raw.get("text", {}).get("body", ""),
            content=raw,
            author_type="contact",
            provider_id=raw["id"],
            provider_at=datetime.fromtimestamp(int(raw["timestamp"]), UTC),
            received_at=now,
            sort_at=now,
            status="received",
        )
        conversation.last_activity_at = now
        conversation.save()


@shared_task(queue="inbound")
def store_status(phone_number_id: str, raw: dict[str, Any]) -> None:
    """One status, one transaction."""
    with transaction.atomic():
        channel = Channel.objects.get(external_id=phone_number_id)
        message = Message.objects.filter(channel=channel, provider_id=raw["id"]).first()
        if message is None:
            return
        conversation = Conversation.objects.select_for_update().get(pk=message.conversation_id)
        _, is_new = Receipt.objects.get_or_create(
            channel=channel,
            provider_id=raw["id"],
            status=raw["status"],
            defaults={"message": message, "received_at": datetime.now(UTC)},
        )
        if is_new:
            conversation.head_seq += 1
            conversation.save()
            message.status, message.changed_seq = raw["status"], conversation.head_seq
            message.save()


def _contact(channel: Channel, phone: str) -> Contact:
    identity = ContactIdentity.objects.filter(
        organization=channel.organization, kind="phone", canonical_key=phone
    ).first()
    if identity is not None:
        return identity.contact
    contact = Contact.objects.create(organization=channel.organization)
    identity, is_new = ContactIdentity.objects.get_or_create(
        organization=channel.organization,
        scope="",
        kind="phone",
        canonical_key=phone,
        defaults={"contact": contact, "value": phone},
    )
    if not is_new:
        contact.delete()
    return identity.contact


def ready(_request: HttpRequest) -> HttpResponse:
    """What the benchmark waits for."""
    return HttpResponse()


urlpatterns = [path("webhooks/cloud/demo/", webhook), path("health/ready", ready)]
application = get_wsgi_application()
