"""Ports on the loopback address."""

from __future__ import annotations

import socket

from inbox.processes.errors import CannotStart

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now; connections that only linger do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose() -> int:
    """A port that nobody uses now, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def require_free(port: int, *, purpose: str) -> None:
    """Raise CannotStart, naming the port, where somebody else listens on it."""
    if not is_free(port):
        message = (
            f"Port {port} ({purpose}) is in use: stop what listens there, "
            "or choose other ports, as in `PORT=9000 make demo`."
        )
        raise CannotStart(message)
