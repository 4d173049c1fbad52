"""What contacts say of being written to: noted where it is heard, for the app that keeps consent.

A notice is written in the transaction of what it was heard in, so it can neither be lost nor
heard twice; telling of it is for speed only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from messaging.consent_words import Wish, wish_in
from messaging.events import ConsentHeard, announce
from messaging.sql import execute

if TYPE_CHECKING:
    from messaging.models import Message

WORD = "consent_word"
OFFERS_REFUSED = "offers_refused"
PREFERENCE = "user_preferences"
KINDS = (WORD, OFFERS_REFUSED, PREFERENCE)
# Kinds in which somebody speaks in words, or presses a button that has some.
SPOKEN = frozenset({"text", "button", "interactive"})
# Source: Cloud API, "Error codes": the recipient has stopped marketing messages of this business.
OPTED_OUT_CODE = "131050"


def listen(organization_id: int, said: Iterable[tuple[int, str, str, str]]) -> None:
    """Note which of a batch's genuine messages (id, kind, text, wish) say stop or start; `wish`
    is what the provider itself made of one, and has acted on.
    """
    heard = [
        (message_id, found)
        for message_id, kind, text, wish in said
        if (found := Wish(wish) if wish else wish_in(text) if kind in SPOKEN else None)
    ]
    if heard:
        ids = [message_id for message_id, _ in heard]
        _note(WORD, ids, [wish.value for _, wish in heard])
        announce(ConsentHeard(organization_id=organization_id))


def hear_refusals(messages: Collection[Message]) -> None:
    """Note which of our messages were refused because their reader wants no more offers."""
    refused = [message for message in messages if message.error_code == OPTED_OUT_CODE]
    if refused:
        ids = [message.pk for message in refused]
        _note(OFFERS_REFUSED, ids, [""] * len(ids))
        announce(ConsentHeard(organization_id=refused[0].organization_id))


def prefer(contact_ids: Collection[int], *, wants_marketing: bool, at: datetime) -> None:
    """What contacts wish about offers; the newest wish counts, in whatever order they come."""
    execute(
        """
        UPDATE messaging_contact SET preference_at = %(at)s,
          opted_out_at = CASE WHEN %(wants)s THEN NULL ELSE %(at)s END
        WHERE id = ANY(%(contacts)s) AND (preference_at IS NULL OR preference_at <= %(at)s)
        """,
        {"at": at, "wants": wants_marketing, "contacts": sorted(contact_ids)},
    )


def _note(kind: str, message_ids: list[int], words: list[str]) -> None:
    execute(NOTE, {"kind": kind, "messages": message_ids, "words": words})


NOTE = """
INSERT INTO messaging_providernotice (connection_id, channel_id, kind, key, payload, received_at)
SELECT channel.connection_id, channel.id, %(kind)s::text, %(kind)s::text || ':' || message.id,
  jsonb_build_object('message', message.id, 'word', row.word), statement_timestamp()
FROM unnest(%(messages)s::bigint[], %(words)s::text[]) AS row(message_id, word)
JOIN messaging_message AS message ON message.id = row.message_id
JOIN messaging_channel AS channel ON channel.id = message.channel_id
ON CONFLICT (connection_id, key) DO NOTHING
"""
