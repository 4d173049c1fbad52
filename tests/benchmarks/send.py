"""How fast messages leave through a provider that answers in 200 ms.

    DATABASE_URL=… python -m tests.benchmarks.send [--messages 6000] [--conversations 3000]

Prints figures as JSON: the dispatch loop in one process and in two, and a naive sender that
sends and commits one message after the other. The provider is an aiohttp server in a process
of its own. Rows are made in a test database, which is dropped at the end.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import platform
import resource
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event as ProcessEvent
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from aiohttp import web

django.setup()

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from messaging import outgoing, timeline
from messaging.models import Channel, Contact, ContactIdentity, Conversation, Message
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from tests.factories import ChannelFactory, ConnectionFactory

ANSWER_SECONDS = 0.2
BASELINE_MESSAGES = 25


def serve(pipe: Pipe, stop: ProcessEvent) -> None:
    """A provider that accepts everything after 200 ms and counts what it got."""
    got: Counter[str] = Counter()
    flying = [0, 0]

    async def accept(request: web.Request) -> web.Response:
        body = await request.json()
        text = body["text"]["body"]
        got[text] += 1
        flying[0] += 1
        flying[1] = max(flying)
        await asyncio.sleep(ANSWER_SECONDS)
        flying[0] -= 1
        return web.json_response({"messages": [{"id": f"wamid.{text}.{got[text]}"}]})

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/{version}/{number}/messages", accept)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
        pipe.send(runner.addresses[0][1])
        while not stop.is_set():
            await asyncio.sleep(0.05)
        pipe.send((sum(got.values()), max(got.values()), flying[1]))

    asyncio.run(run())


def fill(channel: Channel, *, messages: int, conversations: int, name: str) -> None:
    """Rows as compose and enqueue leave them, in bulk."""
    rows = _conversations(channel, conversations, head_seq=messages)
    now = timezone.now()
    texts = Message.objects.bulk_create(
        Message(
            organization=channel.organization,
            conversation=rows[number % conversations],
            channel=channel,
            seq=number + 1,
            changed_seq=number + 1,
            direction="out",
            kind="text",
            text=f"{name}-{number}",
            author_type="agent",
            received_at=now,
            sort_at=now,
            status="pending",
        )
        for number in range(messages)
    )
    OutboxEntry.objects.bulk_create(
        OutboxEntry(
            organization=channel.organization,
            channel=channel,
            conversation_id=text.conversation_id,
            message=text,
        )
        for text in texts
    )
    Lane.objects.bulk_create(Lane(conversation=row, due_at=now) for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _conversations(channel: Channel, count: int, *, head_seq: int) -> list[Conversation]:
    organization = channel.organization
    contacts = Contact.objects.bulk_create(Contact(organization=organization) for _ in range(count))
    ContactIdentity.objects.bulk_create(
        ContactIdentity(
            organization=organization,
            contact=contact,
            kind="phone",
            value=f"{447000000000 + contact.pk}",
            canonical_key=f"{447000000000 + contact.pk}",
        )
        for contact in contacts
    )
    return Conversation.objects.bulk_create(
        Conversation(
            organization=organization,
            channel=channel,
            contact=contact,
            head_seq=head_seq,
            window_expires_at=timezone.now() + timedelta(hours=20),
        )
        for contact in contacts
    )


def measure_dispatch(channel: Channel, *, workers: int, args: argparse.Namespace) -> dict[str, Any]:
    """Messages a second until nothing is due, with `workers` processes."""
    fill(channel, messages=args.messages, conversations=args.conversations, name=f"w{workers}")
    connection.close()
    before = children_cpu()
    started = time.monotonic()
    processes = [
        multiprocessing.get_context("fork").Process(target=dispatch_due, kwargs=TURN)
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds = time.monotonic() - started
    left = OutboxEntry.objects.exclude(state="accepted").count()
    return {
        "messages": args.messages,
        "not_accepted": left,
        "seconds": round(seconds, 2),
        "per_second": round(args.messages / seconds),
        "cpu_ms_per_message": round(1000 * (children_cpu() - before) / args.messages, 3),
    }


TURN = {"limit_seconds": 600.0}


def children_cpu() -> float:
    """CPU seconds of ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_baseline(channel: Channel, port: int) -> dict[str, Any]:
    """A sender as one writes it first: for each message a request, then a commit."""
    fill(channel, messages=BASELINE_MESSAGES, conversations=BASELINE_MESSAGES, name="naive")
    entries = OutboxEntry.objects.filter(state="waiting").select_related("message")
    http_connection = http.client.HTTPConnection("127.0.0.1", port)
    started = time.monotonic()
    for entry in entries:
        body = {"to": "+1", "type": "text", "text": {"body": entry.message.text}}
        http_connection.request(
            "POST", "/v25.0/1/messages", json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = json.loads(http_connection.getresponse().read())
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
    seconds = time.monotonic() - started
    return {"messages": BASELINE_MESSAGES, "per_second": round(BASELINE_MESSAGES / seconds, 1)}


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run."""
    ours, theirs = multiprocessing.Pipe()
    stop = multiprocessing.Event()
    provider = multiprocessing.Process(target=serve, args=(theirs, stop))
    provider.start()
    port = ours.recv()
    channel = ChannelFactory(connection=ConnectionFactory(base_url=f"http://127.0.0.1:{port}"))
    figures: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "provider_seconds": ANSWER_SECONDS,
        "baseline": measure_baseline(channel, port),
    }
    for workers in args.workers:
        figures[f"{workers} process" + "es" * (workers > 1)] = measure_dispatch(
            channel, workers=workers, args=args
        )
    stop.set()
    requests, most_for_one, most_in_flight = ours.recv()
    provider.join()
    figures["provider"] = {
        "requests": requests,
        "most_for_one_message": most_for_one,
        "most_in_flight": most_in_flight,
    }
    figures["attempts"] = SendAttempt.objects.count()
    base = figures["baseline"]["per_second"]
    figures["ratio_to_baseline"] = round(figures["1 process"]["per_second"] / base)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--conversations", type=int, default=3000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    name = connection.settings_dict["NAME"]
    settings.LOGGING_CONFIG = None
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        print(json.dumps(measure(args), indent=2))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
