"""Messages for LIMIT-1: one organisation floods, the others write steadily.

    python -m tests.reliability.limit_feed '{"url": …, "organizations": 5, …}'

Runs for `seconds` in a process of its own, beside the processes that send. Prints a line when
the flood has been planted and feeding begins.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta
from typing import Any

FLOOD_AHEAD = 600  # lanes of the flood that are due at any time, at least
PACE_SECONDS = 0.25
LANES = """
INSERT INTO outbound_lane AS lane
  (conversation_id, organization_id, channel_id, urgency, due_at, claim_token)
SELECT id, organization_id, channel_id, 0, clock_timestamp(), 0
FROM messaging_conversation WHERE id = ANY(%s::bigint[])
ON CONFLICT (conversation_id) DO UPDATE SET due_at = CASE
  WHEN lane.claimed_until > statement_timestamp() THEN lane.due_at
  ELSE LEAST(lane.due_at, excluded.due_at) END
"""
OPEN = """
SELECT count(*) FROM outbound_outboxentry WHERE channel_id = %s AND finished_at IS NULL
"""


class Feed:
    """One number of one organisation, and its customers, who are written to in turn."""

    def __init__(self, number: int, url: str, customers: int) -> None:
        from tests import factories

        connection = factories.ConnectionFactory(slug=f"limit-{number}", base_url=url)
        self.number = number
        self.channel = factories.ChannelFactory(
            connection=connection, external_id=f"8000{number:04}"
        )
        self.conversations = _conversations(self.channel, number, customers)
        self.written = 0

    def write(self, count: int) -> None:
        """The next `count` customers get a message each; the caller has a transaction."""
        from messaging.models import Message
        from messaging.sql import execute
        from outbound.models import OutboxEntry

        numbers = range(self.written, self.written + count)
        chosen = [self.conversations[n % len(self.conversations)] for n in numbers]
        self.written += count
        messages = Message.objects.bulk_create(
            self._message(row, number) for row, number in zip(chosen, numbers, strict=True)
        )
        OutboxEntry.objects.bulk_create(
            OutboxEntry(
                organization_id=self.channel.organization_id,
                channel=self.channel,
                conversation_id=message.conversation_id,
                message=message,
            )
            for message in messages
        )
        execute(LANES, [[row.pk for row in chosen]])

    def _message(self, row: Any, number: int) -> Any:
        from django.utils import timezone

        from messaging.models import Message

        customer, now = number % len(self.conversations), timezone.now()
        return Message(
            organization_id=row.organization_id,
            conversation=row,
            channel_id=row.channel_id,
            seq=1_000_000 + number,
            changed_seq=1_000_000 + number,
            direction="out",
            kind="text",
            text=f"{self.number}.{customer}.{number}",
            author_type="agent",
            received_at=now,
            sort_at=now,
            status="pending",
        )


def _conversations(channel: Any, number: int, customers: int) -> list[Any]:
    from django.utils import timezone

    from messaging.models import Contact, ContactIdentity, Conversation

    organization = channel.organization
    contacts = Contact.objects.bulk_create(
        Contact(organization=organization) for _ in range(customers)
    )
    ContactIdentity.objects.bulk_create(
        ContactIdentity(
            organization=organization,
            contact=contact,
            kind="phone",
            value=f"3518{number:02}{place:06}",
            canonical_key=f"3518{number:02}{place:06}",
        )
        for place, contact in enumerate(contacts)
    )
    return Conversation.objects.bulk_create(
        Conversation(
            organization=organization,
            channel=channel,
            contact=contact,
            window_expires_at=timezone.now() + timedelta(hours=20),
        )
        for contact in contacts
    )


def main() -> None:
    """Plant, say so, and feed until the time is over."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    run(**json.loads(sys.argv[1]))


def run(
    *, url: str, organizations: int, flood: int, customers: int, rate: float, seconds: float,
    quota: int,
) -> None:  # fmt: skip
    """Number 0 floods `flood` customers; the others write `rate` a second; the last has a quota."""
    from django.db import connection, transaction

    from outbound.limits import quotas

    with transaction.atomic():
        feeds = [Feed(n, url, flood if n == 0 else customers) for n in range(organizations)]
        last = feeds[-1].channel.organization_id
        quotas.set_limit(last, period="day", limit=quota)
        feeds[0].write(FLOOD_AHEAD)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    sys.stdout.write("feeding\n")
    sys.stdout.flush()
    _feed(feeds, rate=rate, seconds=seconds)


def _feed(feeds: list[Feed], *, rate: float, seconds: float) -> None:
    from django.db import transaction

    from messaging.sql import execute

    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        with transaction.atomic():
            for feed in feeds[1:]:
                feed.write(max(0, round(passed * rate) - feed.written))
        [(still_open,)] = execute(OPEN, [feeds[0].channel.pk])
        if still_open < FLOOD_AHEAD:
            with transaction.atomic():
                feeds[0].write(FLOOD_AHEAD // 2)
        time.sleep(PACE_SECONDS)


if __name__ == "__main__":
    main()
