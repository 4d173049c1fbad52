"""CRASH-MATRIX in small: every failpoint once, by `kill -9`."""

from __future__ import annotations

import ast
import secrets

import pytest

from config.reference import ROOT
from tests.reliability.crash_matrix import ALL, POINTS, carry_out
from tests.reliability.crash_matrix_cases import cases
from tests.reliability.house import Parts

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]


def test_a_kill_at_any_failpoint_loses_and_doubles_nothing(house: Parts) -> None:
    seed = secrets.randbelow(10**6)
    report = carry_out(house, cases(["kill"], [seed], ALL), seed=seed)
    print(*report.lines(), sep="\n")
    assert report.problems == []


def test_the_matrix_has_every_failpoint_of_the_way_in() -> None:
    modules = ("gateway", "ingest", "spool", "spooling", "nudges", "directory", "inbound")
    paths = [ROOT / "messaging" / f"{name}.py" for name in (*modules, "apply/__init__")]
    placed = {
        ast.literal_eval(node.args[0])
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint"
    }
    # Only a drain that is out of time sends a hint itself.
    assert placed - {"inbound.hint"} <= set(POINTS)
