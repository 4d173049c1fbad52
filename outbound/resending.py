"""The organisation's own wish: one more try, by itself, for what nobody has heard of.

Silence proves nothing, so this is asked for by message class and never done for marketing. It
counts only once silence means something: a quarter of an hour has passed, later messages of the
same channel were reported as sent, nothing before them still waits for its report, and we
ourselves have missed nothing meanwhile. Then once, and never again.
"""

from __future__ import annotations

import logging

from django.db import transaction

from messaging import timeline
from messaging.failpoints import failpoint
from messaging.sql import execute
from outbound import metrics, review
from outbound.models import MessageClass
from outbound.protocol import AttemptState, By, EntryState
from outbound.review import Action, NotOpen

logger = logging.getLogger(__name__)

QUIET_SECONDS = 900
LATER_REPORTS = 3
# Nothing is sent again by itself a day later, and nothing older is asked about.
LATEST_SECONDS = 86_400
# A delivery that waits for longer than this may hold the very report we miss.
WAITING_SECONDS = 10
MOST_LOOKED_AT = 10_000
MOST_AT_ONCE = 50


def sweep() -> int:
    """Send again what the policy of its organisation allows; how many messages."""
    rows = execute(
        SILENT,
        {
            "review": EntryState.NEEDS_REVIEW.value,
            "unknown": AttemptState.UNKNOWN.value,
            "resent": AttemptState.RESENT.value,
            "accepted": AttemptState.ACCEPTED.value,
            "dispatching": AttemptState.DISPATCHING.value,
            "marketing": MessageClass.MARKETING.value,
            "quiet": QUIET_SECONDS,
            "latest": LATEST_SECONDS,
            "waiting": WAITING_SECONDS,
            "reports": LATER_REPORTS,
            "most": MOST_LOOKED_AT,
            "limit": MOST_AT_ONCE,
        },
    )
    return sum(_send_again(message_id, conversation_id) for message_id, conversation_id in rows)


def _send_again(message_id: int, conversation_id: int) -> bool:
    """Unless a person, or evidence, has been faster."""
    try:
        with transaction.atomic():
            conversations = timeline.lock([conversation_id])
            review.decide(
                conversations[conversation_id], message_id, Action.SEND_AGAIN, by=By.POLICY
            )
            timeline.publish(conversations.values())
            failpoint("resending.decided")
        failpoint("resending.decision_kept")
    except NotOpen:
        return False
    metrics.resent_total.inc()
    logger.warning("sent again by policy", extra={"message_id": message_id})
    return True


REPORTED = """EXISTS (
    SELECT FROM messaging_receipt AS receipt
    WHERE receipt.channel_id = some_attempt.channel_id
      AND receipt.provider_id = some_attempt.provider_id
      AND receipt.status IN ('sent', 'delivered', 'read', 'played')
  )"""

# Rules that are looked at late have missed nothing: without beat they always are.
SILENT = f"""
SELECT entry.message_id, entry.conversation_id
FROM outbound_outboxentry AS entry
JOIN outbound_sendingpolicy AS policy
  ON policy.organization_id = entry.organization_id
 AND policy.resend_classes ? entry.message_class
JOIN messaging_channel AS channel ON channel.id = entry.channel_id
JOIN outbound_sendattempt AS attempt
  ON attempt.entry_id = entry.id AND attempt.state = %(unknown)s
CROSS JOIN LATERAL (
  SELECT max(later.id) AS newest, count(*) AS count FROM (
    SELECT some_attempt.id FROM outbound_sendattempt AS some_attempt
    WHERE some_attempt.channel_id = attempt.channel_id AND some_attempt.id > attempt.id
      AND some_attempt.id < attempt.id + %(most)s
      AND some_attempt.dispatched_at > attempt.dispatched_at
      AND some_attempt.state = %(accepted)s AND {REPORTED}
    ORDER BY some_attempt.id LIMIT %(reports)s
  ) AS later
) AS watermark
WHERE entry.state = %(review)s AND NOT entry.was_resent
  AND entry.message_class <> %(marketing)s
  AND attempt.dispatched_at < now() - make_interval(secs => %(quiet)s)
  AND attempt.dispatched_at > now() - make_interval(secs => %(latest)s)
  AND watermark.count >= %(reports)s
  AND NOT EXISTS (
    SELECT FROM outbound_sendattempt AS other
    WHERE other.entry_id = entry.id AND other.state = %(resent)s
  )
  AND NOT EXISTS (
    SELECT FROM outbound_sendattempt AS some_attempt
    WHERE some_attempt.channel_id = attempt.channel_id
      AND some_attempt.id > attempt.id - %(most)s AND some_attempt.id < watermark.newest
      AND some_attempt.dispatched_at > attempt.dispatched_at - make_interval(secs => %(latest)s)
      AND (some_attempt.state = %(dispatching)s OR (
        some_attempt.state = %(accepted)s AND NOT EXISTS (
          SELECT FROM messaging_receipt AS receipt
          WHERE receipt.channel_id = some_attempt.channel_id
            AND receipt.provider_id = some_attempt.provider_id
        )))
  )
  AND NOT EXISTS (
    SELECT FROM messaging_heartbeat WHERE gap_at > attempt.dispatched_at AND name <> 'alerts'
  )
  AND NOT EXISTS (
    SELECT FROM messaging_inboundevent AS event
    WHERE event.connection_id = channel.connection_id AND event.state = 'pending'
      AND event.received_at < now() - make_interval(secs => %(waiting)s)
  )
  AND NOT EXISTS (
    SELECT FROM messaging_deadletter AS letter
    WHERE letter.organization_id = entry.organization_id AND letter.source = 'inbound'
      AND letter.last_at > attempt.dispatched_at
  )
ORDER BY entry.id LIMIT %(limit)s
"""  # noqa: S608 - put together from constants
