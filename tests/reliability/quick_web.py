"""The web process with a heart that beats faster, for tests that have to wait for a beat.

python -m tests.reliability.quick_web <port> <seconds>
"""

from __future__ import annotations

import sys

from daphne.cli import CommandLineInterface


def main(port: str, seconds: str) -> None:
    """Serve until killed."""
    import config.asgi  # noqa: F401 - sets Django up
    from inbox import hub

    hub.HEARTBEAT_SECONDS = float(seconds)
    hub.PULSE_SECONDS = min(hub.PULSE_SECONDS, float(seconds) / 4)
    CommandLineInterface().run(
        ["-b", "127.0.0.1", "-p", port, "-v", "0", "config.asgi:application"]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
