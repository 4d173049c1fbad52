"""Since when a customer waits, by what was said and not by what came in first."""

from __future__ import annotations

# The first message after the newest answer. Nobody waits who is blocked.
WAITS = """
SELECT conversation.id, (
  SELECT min(heard.sort_at) FROM messaging_message AS heard
  WHERE heard.conversation_id = conversation.id AND heard.direction = 'in'
    AND NOT heard.is_silent AND heard.kind <> ALL(%s::text[])
    AND heard.sort_at > coalesce(answer.newest, '-infinity')
    AND contact.blocked_at IS NULL AND root.blocked_at IS NULL
)
FROM unnest(%s::bigint[]) AS wanted(id)
JOIN messaging_conversation AS conversation ON conversation.id = wanted.id
JOIN messaging_contact AS contact ON contact.id = conversation.contact_id
LEFT JOIN messaging_contact AS root ON root.id = contact.merged_into_id
LEFT JOIN LATERAL (
  SELECT max(said.sort_at) AS newest FROM messaging_message AS said
  WHERE said.conversation_id = conversation.id AND said.direction = 'out' AND NOT said.is_silent
    AND said.status <> 'discarded'
) AS answer ON true
"""
