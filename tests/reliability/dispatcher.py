"""A process that does nothing but send what is due, one turn after the other."""

from __future__ import annotations

import os
import time

PAUSE_SECONDS = 0.1


def main() -> None:
    """Until it is killed."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.db import DatabaseError, InterfaceError, connection

    from outbound.dispatch import dispatch_due

    while True:
        try:
            dispatch_due(limit_seconds=15)
        except (DatabaseError, InterfaceError):
            connection.close()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
