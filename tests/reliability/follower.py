"""A reader that follows the numbers during a whole run, and knows what it has been shown."""

from __future__ import annotations

from collections import defaultdict
from threading import Event, Thread

import psycopg

PULL_SECONDS = 0.1
CONVERSATIONS = """
SELECT id, organization_id, changed_seq FROM messaging_conversation
WHERE changed_seq > %s ORDER BY changed_seq
"""
MESSAGES = """
SELECT id, conversation_id, changed_seq FROM messaging_message AS message
JOIN unnest(%s::bigint[], %s::bigint[]) AS row(conversation, after)
  ON message.conversation_id = row.conversation AND message.changed_seq > row.after
ORDER BY message.changed_seq
"""


class Follower(Thread):
    """Pulls "what changed since N" of one organisation's list, and of every conversation in it.

    Postgres may go away meanwhile; its numbers may not.
    """

    def __init__(self, database_url: str) -> None:
        super().__init__(name="follower", daemon=True)
        self.seen: set[int] = set()
        self._url = database_url
        self._stopping = Event()
        self._head = 0
        self._heads: dict[int, int] = defaultdict(int)

    def run(self) -> None:
        while not self._stopping.wait(PULL_SECONDS):
            self._try()

    def stop(self) -> set[int]:
        """Pull a last time; the ids of all messages that were ever shown."""
        self._stopping.set()
        self.join()
        with psycopg.connect(self._url, autocommit=True) as session:
            self._pull(session)
        return self.seen

    def _try(self) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True, connect_timeout=2) as session:
                while not self._stopping.wait(PULL_SECONDS):
                    self._pull(session)
        except psycopg.Error:
            return

    def _pull(self, session: psycopg.Connection) -> None:
        changed = session.execute(CONVERSATIONS, [self._head]).fetchall()
        if not changed:
            return
        places = [pk for pk, *_ in changed]
        after = [self._heads[pk] for pk in places]
        for pk, conversation, number in session.execute(MESSAGES, [places, after]):
            self.seen.add(pk)
            self._heads[conversation] = number
        self._head = changed[-1][2]
