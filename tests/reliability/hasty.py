"""Any process of ours with the times of sending made small, so that a test can wait for them.

    python -m tests.reliability.hasty celery -A config worker …
    python -m tests.reliability.hasty manage.py sweep

A claim still outlives the longest send, and all else is as in use. A command of manage.py runs in
a child: where that is killed there is another one at once, without the imports of a new start.
"""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable

CLAIM_SECONDS = 3.0
SEND_SECONDS = 1.0
READ_SECONDS = 0.8
START_SECONDS = 0.4
HOLD_SECONDS = 2.0
# With these a message that nobody heard of is sent again by policy after a moment.
QUIET_SECONDS = 1.0


def main() -> None:
    """Make the times small, and be the process that was asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    _hurry()
    sys.argv = sys.argv[1:]
    if sys.argv[0] == "celery":
        runpy.run_module("celery", run_name="__main__", alter_sys=True)
    else:
        again(lambda: runpy.run_path(sys.argv[0], run_name="__main__"))


def again(work: Callable[[], object]) -> None:
    """Do it in a child, and again where that is killed."""
    while True:
        if not (child := os.fork()):
            work()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return


def _hurry() -> None:
    import django

    django.setup()
    from messaging.providers.cloud import client
    from outbound import protocol, resending

    protocol.CLAIM_SECONDS = CLAIM_SECONDS  # type: ignore[assignment]
    protocol.SEND_SECONDS = SEND_SECONDS  # type: ignore[assignment]
    protocol.START_SECONDS = START_SECONDS  # type: ignore[assignment]
    protocol.BUDGET_SECONDS = SEND_SECONDS + START_SECONDS  # type: ignore[assignment]
    protocol.HOLD_SECONDS = HOLD_SECONDS  # type: ignore[assignment]
    resending.QUIET_SECONDS = QUIET_SECONDS  # type: ignore[assignment]
    client.READ_SECONDS = READ_SECONDS
    # As keyword defaults are bound once.
    client.new_session.__kwdefaults__["total_seconds"] = SEND_SECONDS


if __name__ == "__main__":
    main()
