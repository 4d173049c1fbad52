"""Ports on the loopback address."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from inbox.processes.errors import CannotStart

LOOPBACK = "127.0.0.1"
CONNECTIONS = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST = 10_240
LEAST_CHOICE = 1000
TRIES = 1000


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
    """A port that nobody uses now, and that no outgoing connection will be given either.

    Those get theirs from the system's own range, for as long as they last: a server whose port
    came from there might not be able to start again.
    """
    first, end = FIRST, min(_first_of_connections(), 65_536)
    if end - first < LEAST_CHOICE:
        first, end = FIRST, 65_536
    candidates = (secrets.randbelow(end - first) + first for _ in range(TRIES))
    found = next(filter(is_free, candidates), None)
    if found is None:
        raise CannotStart("No free port was found on 127.0.0.1.")
    return found


def _first_of_connections() -> int:
    """Where the system's range for outgoing connections begins."""
    try:
        return int(CONNECTIONS.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        # Source: IANA's range of dynamic ports (RFC 6335), which most other systems keep to.
        return 49_152


def require_free(port: int, *, purpose: str) -> None:
    """Raise CannotStart, naming the port, where somebody else listens on it."""
    if not is_free(port):
        message = (
            f"Port {port} ({purpose}) is in use: stop what listens there, "
            "or choose other ports, as in `PORT=9000 make demo`."
        )
        raise CannotStart(message)
