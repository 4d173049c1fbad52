"""One `manage.py` command: the servers it needs, then Django's own machinery."""

from __future__ import annotations

import contextlib
import signal
import sys

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db.utils import OperationalError

from inbox.processes import embedded, state
from inbox.processes.errors import CannotStart

# These ask nothing of Postgres or Redis; `up` starts them itself, to watch over them.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "help",
    "makemessages",
    "spectacular",
    "up",
    "version",
}


def run(arguments: list[str]) -> None:
    """Run the command on running servers, or on servers of its own that it stops at its end.

    What keeps it from starting ends the process with one sentence.
    """
    try:
        folder = state.data_dir()
        names = embedded.set_environment(folder)
        with contextlib.ExitStack() as stack:
            if names and needs_servers(arguments):
                # Leave through the stack, so that the servers are stopped.
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
                stack.enter_context(embedded.running(folder, names))
            execute_from_command_line(arguments)
    except (CannotStart, ImproperlyConfigured) as problem:
        sys.exit(f"Error: {problem}")
    except OperationalError as problem:
        if not _is_unreachable(problem):
            raise
        sys.exit(f"Error: Postgres does not answer: {str(problem).splitlines()[0]}")
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def needs_servers(arguments: list[str]) -> bool:
    """Whether the command may talk to Postgres or Redis; in doubt, yes."""
    if len(arguments) < 2 or {"-h", "--help", "--version"} & set(arguments):
        return False
    return arguments[1] not in WITHOUT_SERVERS


def _is_unreachable(problem: OperationalError) -> bool:
    """Whether there was no session at all; an error inside one has a code."""
    cause = problem.__cause__
    return isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
