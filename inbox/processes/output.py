"""The one place from which this package writes to the terminal."""

from __future__ import annotations

import contextlib
import sys


def write(line: str, *, to_stderr: bool = False) -> None:
    """Write one line at once.

    A terminal that went away must not keep a supervisor from stopping its processes.
    """
    stream = sys.stderr if to_stderr else sys.stdout
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"{line}\n")
        stream.flush()
