"""Reading the Procfile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inbox.processes import procfile
from inbox.processes.errors import CannotStart
from inbox.processes.state import BASE_DIR

ENVIRONMENT = {
    "PATH": str(Path(sys.executable).parent),
    "PORT": "9000",
    "GATEWAY_PORT": "9001",
    "SIMULATOR_PORT": "9002",
    "DATA_DIR": "/a folder",
}


def test_remarks_and_empty_lines_are_skipped() -> None:
    assert procfile.parse("# a: b\n\nweb: run it\n") == {"web": "run it"}


def test_an_unreadable_line_is_named() -> None:
    with pytest.raises(CannotStart, match="Line 2 of the Procfile"):
        procfile.parse("web: run\nwhat is this\n")


def test_names_are_filled_in_after_the_words_are_split() -> None:
    python, *rest = procfile.words("python -s $DATA_DIR --port=$PORT", ENVIRONMENT)
    assert Path(python).parent == Path(sys.executable).parent
    assert rest == ["-s", "/a folder", "--port=9000"]


def test_a_missing_tool_is_named() -> None:
    with pytest.raises(CannotStart, match="no-such-tool is not installed"):
        procfile.words("no-such-tool --now", ENVIRONMENT)


def test_our_own_procfile_can_be_started_without_some() -> None:
    programs = procfile.read(
        BASE_DIR / "Procfile", leave_out={"simulator", "beat"}, environment=ENVIRONMENT
    )
    assert [program.name for program in programs] == [
        "web",
        "gateway",
        "worker",
        "background",
        "sweeper",
    ]


def test_a_process_that_is_not_there_cannot_be_left_out() -> None:
    with pytest.raises(CannotStart, match="has no worm"):
        procfile.read(BASE_DIR / "Procfile", leave_out={"worm"}, environment=ENVIRONMENT)
