"""Sending as one writes it first: a Celery task for each message, with a blocking call in it.

    celery -A tests.benchmarks.send_naive worker

The task asks the provider and then writes what it said; no fence, no limits, no lanes.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
from __future__ import annotations

import http.client
import json
import os
import threading
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from celery import Celery
from django.db import transaction
from django.utils import timezone

from messaging import outgoing, timeline
from outbound.models import OutboxEntry

app = Celery("naive", broker=os.environ["NAIVE_BROKER_URL"])
app.conf.task_ignore_result = True
_kept = threading.local()


@app.task(name="naive.send_one")
def send_one(entry_id: int, host: str) -> None:
    """Ask, then commit."""
    entry = OutboxEntry.objects.select_related("message", "channel").get(pk=entry_id)
    answer = _ask(host, entry)
    with transaction.atomic():
        timeline.lock([entry.conversation_id])
        entry.state, entry.finished_at = "accepted", timezone.now()
        entry.save(update_fields=["state", "finished_at"])
        outgoing.record_results(
            [
                outgoing.SendResult(
                    message_id=entry.message_id,
                    status="accepted",
                    provider_id=answer["messages"][0]["id"],
                )
            ]
        )


def _ask(host: str, entry: OutboxEntry) -> dict[str, Any]:
    """One blocking request; the process' connection is kept, as a session of requests does."""
    if not hasattr(_kept, "connection"):
        _kept.connection = http.client.HTTPConnection(host)
    body = {"to": "+1", "type": "text", "text": {"body": entry.message.text}}
    path = f"/v25.0/{entry.channel.external_id}/messages"
    _kept.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer: dict[str, Any] = json.loads(_kept.connection.getresponse().read())
    return answer
