"""A conversation that we begin: its contact and itself, made or found.

Any number of callers may begin the same one at once: unique keys decide, and whoever comes later
waits for the first to commit and then finds what it made. What a caller made and rolls back is
gone.
"""

from __future__ import annotations

from messaging import people
from messaging.items import Identity
from messaging.models import Channel
from messaging.sql import execute


def conversation_with(channel: Channel, address: Identity) -> tuple[int, bool]:
    """The conversation on a channel with whoever has this address, and whether it is new; in the
    caller's transaction, which locks and publishes it.
    """
    contact_id = _contact(channel, address)
    found = execute(FIND, {"channel": channel.pk, "contact": contact_id})
    if found:
        return found[0][0], False
    made = execute(
        OPEN,
        {
            "organization": channel.organization_id,
            "channel": channel.pk,
            "contact": contact_id,
        },
    )
    if made:
        return made[0][0], True
    return execute(FIND, {"channel": channel.pk, "contact": contact_id})[0][0], False


def _contact(channel: Channel, address: Identity) -> int:
    key = people.key_of(channel.connection_id, address)
    known = people.find(channel.organization_id, [key])
    if key in known:
        return known[key]
    [(contact_id,)] = execute(ADD_CONTACT, [channel.organization_id])
    people.note(channel.organization_id, {key: contact_id}, {key: address[1]})
    owner = people.find(channel.organization_id, [key])[key]
    if owner != contact_id:
        execute("DELETE FROM messaging_contact WHERE id = %s", [contact_id])
    return owner


ADD_CONTACT = """
INSERT INTO messaging_contact (organization_id, name, created_at) VALUES (%s, '', now())
RETURNING id
"""

# The person's own conversation, else the oldest of those they were merged from.
FIND = """
SELECT conversation.id FROM messaging_conversation AS conversation
JOIN messaging_contact AS contact ON contact.id = conversation.contact_id
WHERE conversation.channel_id = %(channel)s
  AND (contact.id = %(contact)s OR contact.merged_into_id = %(contact)s)
ORDER BY contact.id <> %(contact)s, conversation.id LIMIT 1
"""

OPEN = """
WITH opened AS (
  INSERT INTO messaging_conversation (organization_id, channel_id, contact_id, state, priority,
    head_seq, changed_seq, inbound_count, last_activity_at, created_at)
  VALUES (%(organization)s, %(channel)s, %(contact)s, 'open', 'none', 0, 0, 0, now(), now())
  ON CONFLICT (channel_id, contact_id) DO NOTHING
  RETURNING id
), episode AS (
  INSERT INTO messaging_episode (conversation_id, opened_at) SELECT id, now() FROM opened
)
SELECT id FROM opened
"""
