"""The units run what the Procfile runs."""

from __future__ import annotations

import re

import pytest

from config.reference import ROOT
from inbox.processes import procfile

UNITS = ROOT / "deploy" / "systemd"
COMMANDS = {
    name: command
    for name, command in procfile.parse((ROOT / "Procfile").read_text("utf-8")).items()
    if name != "simulator"
}


def test_every_process_but_the_simulator_has_a_unit() -> None:
    units = {path.stem for path in UNITS.glob("*.service")}
    assert units == {f"inbox-{name}" for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_unit_runs_the_command_of_the_procfile(name: str) -> None:
    unit = (UNITS / f"inbox-{name}.service").read_text("utf-8")
    [command] = re.findall(r"^ExecStart=/opt/inbox/\.venv/bin/(.*)$", unit, re.MULTILINE)
    assert re.sub(r"\$\{([A-Z_]+)\}", r"$\1", command.replace("%%", "%")) == COMMANDS[name]
