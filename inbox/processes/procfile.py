"""The Procfile: one `name: command` per line, `#` for remarks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template

from inbox.processes.errors import CannotStart
from inbox.processes.program import Program

LINE = re.compile(r"^(?P<name>[a-z][a-z0-9_-]*):\s*(?P<command>\S.*)$")


def parse(text: str) -> dict[str, str]:
    """Commands by name, in the file's order. Raises CannotStart with the line it cannot read."""
    commands = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        found = LINE.match(line.strip())
        if found is None:
            message = f"Line {number} of the Procfile is not `name: command`: {line.strip()}"
            raise CannotStart(message)
        commands[found["name"]] = found["command"]
    return commands


def read(
    path: Path, *, leave_out: Collection[str], environment: Mapping[str, str]
) -> list[Program]:
    """The Procfile's programs, ready to start. Raises CannotStart where a tool is missing.

    Each runs without a shell between, so that its head is the program itself.
    """
    try:
        commands = parse(path.read_text("utf-8"))
    except OSError as problem:
        message = f"Cannot read {path}: {problem.strerror}."
        raise CannotStart(message) from problem
    if unknown := set(leave_out) - set(commands):
        message = f"The Procfile has no {', '.join(sorted(unknown))}; it has {', '.join(commands)}."
        raise CannotStart(message)
    return [
        Program(
            name=name,
            command=words(command, environment),
            environment=environment,
            folder=path.parent,
        )
        for name, command in commands.items()
        if name not in leave_out
    ]


def words(command: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command, `$NAMES` filled in, the tool found on the environment's PATH."""
    try:
        tool, *rest = (Template(word).substitute(environment) for word in shlex.split(command))
    except (KeyError, ValueError) as problem:
        message = f"The Procfile's command `{command}` cannot be read: {problem}."
        raise CannotStart(message) from problem
    found = shutil.which(tool, path=environment.get("PATH", os.defpath))
    if found is None:
        message = f"{tool} is not installed: run `make demo` or `uv sync --all-extras`."
        raise CannotStart(message)
    return (found, *rest)
