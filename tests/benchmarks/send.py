"""How fast messages leave through a provider that answers in 200 ms.

    DATABASE_URL=… REDIS_URL=… python -m tests.benchmarks.send [--messages 6000]

Prints figures as JSON: one number that is allowed 1,000 messages a second, from one process
and from two; two such numbers, for what two processes carry; ten numbers at 80; and a baseline,
one Celery task for each message with a blocking call in it. The provider is an aiohttp server in
a process of its own that notes when every request came. Rows are made in a test database, which
is dropped at the end.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.utils import timezone

from messaging.models import Channel, Contact, ContactIdentity, Conversation, Message
from outbound.dispatch import dispatch_due
from outbound.models import Lane, OutboxEntry, SendAttempt
from tests.benchmarks.departures import dispatch_with
from tests.benchmarks.sending_provider import ANSWER_SECONDS, Provider, busiest_second
from tests.factories import ChannelFactory, ConnectionFactory

TURN = {"limit_seconds": 600.0}
# Processes of the baseline's worker: four times the cores that Celery would take by itself.
BASELINE_PROCESSES = 8
BASELINE_MESSAGES = 400


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
    Lane.objects.bulk_create(
        Lane(conversation=row, organization=channel.organization, channel=channel, due_at=now)
        for row in rows
    )
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


def measure_dispatch(
    provider: Provider, channels: Sequence[Channel], *, messages: int, workers: int
) -> dict[str, Any]:
    """Messages a second until nothing is due, with `workers` processes."""
    for channel in channels:
        share = messages // len(channels)
        name = f"{len(channels)}-{workers}-{channel.pk}"
        fill(channel, messages=share, conversations=share, name=name)
    connection.close()
    provider.take()
    before, started = children_cpu(), time.monotonic()
    left = dispatch_with(workers, lambda: dispatch_due(**TURN))
    seconds = time.monotonic() - started
    seen = provider.take()
    return {
        "messages": messages,
        "not_accepted": OutboxEntry.objects.exclude(state="accepted").count(),
        "seconds": round(seconds, 2),
        "per_second": round(messages / seconds),
        "of_the_quota": f"{_share_used(left, channels[0].throughput):.0%}",
        "most_leaving_in_a_second": max(map(busiest_second, left.values())),
        "most_arriving_in_a_second": max(map(busiest_second, seen.arrivals.values())),
        "allowed_a_second": channels[0].throughput,
        "cpu_ms_per_message": round(1000 * (children_cpu() - before) / messages, 3),
    }


def _share_used(left: dict[str, list[float]], throughput: int) -> float:
    """Of what numbers may send, on average, each from its first message to its last."""
    rates = [(len(times) - 1) / (times[-1] - times[0]) for times in left.values()]
    return sum(rates) / len(rates) / throughput


def children_cpu() -> float:
    """CPU seconds of ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure_baseline(provider: Provider, channel: Channel) -> dict[str, Any]:
    """One task for each message, taken by a worker of Celery."""
    fill(channel, messages=BASELINE_MESSAGES, conversations=BASELINE_MESSAGES, name="naive")
    broker = f"{settings.REDIS_URL.rsplit('/', 1)[0]}/9"
    worker = _baseline_worker(broker)
    try:
        return _run_baseline(provider, broker)
    finally:
        worker.terminate()
        worker.wait()


def _baseline_worker(broker: str) -> subprocess.Popen[bytes]:
    database = connection.settings_dict
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{database['NAME']}"
    command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.send_naive", "worker"]
    return subprocess.Popen(
        [*command, "-c", str(BASELINE_PROCESSES), "-l", "ERROR"],
        env=os.environ | {"DATABASE_URL": url, "NAIVE_BROKER_URL": broker},
        stdout=subprocess.DEVNULL,
    )


def _run_baseline(provider: Provider, broker: str) -> dict[str, Any]:
    os.environ["NAIVE_BROKER_URL"] = broker
    from tests.benchmarks.send_naive import app

    host = provider.url.removeprefix("http://")
    waiting = OutboxEntry.objects.filter(state="waiting")
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    app.send_task("naive.send_one", [ids[0], host])
    while waiting.count() == len(ids):
        time.sleep(0.05)
    started = time.monotonic()
    for entry_id in ids[1:]:
        app.send_task("naive.send_one", [entry_id, host])
    while waiting.exists():
        time.sleep(0.05)
    seconds = time.monotonic() - started
    return {
        "messages": len(ids) - 1,
        "processes": BASELINE_PROCESSES,
        "per_second": round((len(ids) - 1) / seconds, 1),
    }


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run."""
    with Provider() as provider:
        account = ConnectionFactory(base_url=provider.url)
        fast = ChannelFactory(connection=account, throughput=1000)
        other = ChannelFactory(connection=account, throughput=1000)
        ten = [ChannelFactory(connection=account, throughput=80) for _ in range(10)]
        figures: dict[str, Any] = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "provider_seconds": ANSWER_SECONDS,
            "baseline": measure_baseline(provider, fast),
        }
        for workers in args.workers:
            name = f"one number, {workers} process" + "es" * (workers > 1)
            figures[name] = measure_dispatch(
                provider, [fast], messages=args.messages, workers=workers
            )
        figures["two numbers, 2 processes"] = measure_dispatch(
            provider, [fast, other], messages=2 * args.messages, workers=2
        )
        figures["ten numbers, 2 processes"] = measure_dispatch(
            provider, ten, messages=args.messages, workers=2
        )
        seen = provider.take()
    figures["most_for_one_message"] = seen.most_for_one
    figures["most_in_flight"] = seen.most_in_flight
    figures["attempts"] = SendAttempt.objects.count()
    base = figures["baseline"]["per_second"]
    figures["ratio_to_baseline"] = round(figures["one number, 1 process"]["per_second"] / base)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6000)
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
