"""Signs of life of the processes that work by themselves, by the database's clock."""

from __future__ import annotations

from messaging.sql import execute


def beat(name: str) -> None:
    """Say that `name` is alive."""
    execute(
        """
        INSERT INTO messaging_heartbeat AS heartbeat (name, beat_at) VALUES (%s, now())
        ON CONFLICT (name) DO UPDATE SET beat_at = excluded.beat_at,
          gap_at = CASE WHEN heartbeat.beat_at < now() - interval '60 seconds'
            THEN now() ELSE heartbeat.gap_at END
        """,
        [name],
    )
