"""CRASH-MATRIX of the way out in small: every failpoint once, by `kill -9`."""

from __future__ import annotations

import ast
import secrets

import pytest

from config.reference import ROOT
from tests.reliability.crash_matrix_cases import cases
from tests.reliability.crash_matrix_outbox import carry_out
from tests.reliability.crash_matrix_outbox_points import POINTS
from tests.reliability.house import Parts

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


def test_a_kill_at_any_failpoint_of_a_send_doubles_and_loses_nothing(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    report = carry_out(house, cases(["kill"], [seed], POINTS), seed=seed)
    print(*report.lines(), sep="\n")
    assert report.problems == []


def test_the_matrix_has_every_failpoint_of_the_way_out() -> None:
    placed = {
        ast.literal_eval(node.args[0])
        for path in (ROOT / "outbound").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint"
    }
    # Those of files are tried where files are.
    of_files = {name for name in placed if name.startswith("upload.")}
    assert placed - of_files == set(POINTS) - {"hints.send", "asking.answered"}
