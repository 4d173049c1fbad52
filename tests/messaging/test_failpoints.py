"""Failpoints break what they are asked to break, and stand wherever something becomes final."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database

from config.reference import ROOT
from messaging import failpoints
from messaging.failpoints import FailpointReached, failpoint

INBOUND = (
    *("gateway", "directory", "ingest", "spool", "spooling", "nudges"),
    *("inbound", "drain", "downloads", "fetching"),
)
OUTBOUND = (
    *("outbox", "claims", "departures", "dispatch", "courier", "recording", "surely", "steps"),
    *("journal", "replaying", "evidence", "resending", "redriving"),
)
MODULES = (
    *(f"messaging.{name}" for name in (*INBOUND, "hints", "providers.asking")),
    *(f"outbound.{name}" for name in OUTBOUND),
)
# What becomes final, leaves the process, or asks somebody else for something.
FINAL = {"atomic", "connect", "hint", "insert", "patience.execute", "rename", "respond"}
FINAL |= {"send_hint", "_redis.set", "store", "fsync", "request", "replace", "unlink"}
# And of a send: asking a provider, recording, and what the protocol commits by itself.
FINAL |= {"sending.send", "record_apart", "send_task"}
# Those of a caller or of what is called enclose it, or nothing depends on it.
EXCUSED = {
    "gateway._store": "gateway.stored follows",
    "spool._write_synced": "spool.write and spool.written enclose it",
    "spool._sync_folder": "spool.renamed and spool.synced enclose it",
    "spool.forget_abandoned": "a draft that nobody was told 200 for",
    "spool.set_aside": "the file stays whatever happens",
    "downloads.retry": "a person's wish, of which the sweep finds what a crash left",
    "spooling._insert_apart": "spool.insert and spool.remove enclose it",
    "asking.plain": "a text, no file",
    "claims._write_intents": "a value, no file",
    "recording._results": "a value, no file",
    "dispatch._send": "a value, no file",
    "courier._ask": "no message, and may be repeated",
    "recording.record_apart": "recording.written and recording.recorded follow",
    "redriving.discard_letters": "a person's wish, whole or not at all",
    "journal._append": "journal.keep and journal.kept enclose it",
    "journal._write_synced": "journal.keep and journal.kept enclose it",
    "journal._sync_folder": "journal.keep and journal.kept enclose it",
    "journal.set_aside": "the file stays whatever happens",
    "journal._remove_abandoned": "a draft of which nothing was told",
}


@pytest.fixture(autouse=True)
def _count_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "_passes", Counter())


def test_nothing_happens_where_nobody_asked(settings: Any) -> None:
    settings.FAILPOINTS = ""
    failpoint("here")
    settings.FAILPOINTS = "elsewhere=raise"
    failpoint("here")
    assert failpoints._passes["here"] == 0
    with pytest.raises(FailpointReached):
        failpoint("elsewhere")


def test_the_third_pass_alone_is_broken(settings: Any) -> None:
    settings.FAILPOINTS = "other=kill, here=raise@3"
    failpoint("here")
    failpoint("here")
    with pytest.raises(FailpointReached):
        failpoint("here")
    failpoint("here")


def test_an_entry_of_a_file_acts_once_and_says_where(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "failpoints"
    settings.FAILPOINTS = f"@{path}"
    failpoint("here")
    path.write_text("here=raise")
    with pytest.raises(FailpointReached):
        failpoint("here")
    failpoint("here")
    assert (tmp_path / "failpoints.here").read_text() == str(os.getpid())


@pytest.mark.django_db(transaction=True)
def test_a_dropped_connection_fails_at_the_next_statement(settings: Any) -> None:
    settings.FAILPOINTS = "here=drop"
    with database.cursor() as cursor:
        cursor.execute("SELECT 1")
        failpoint("here")
        with pytest.raises(OperationalError):
            cursor.execute("SELECT 1")
    database.close()


BREAK = "import django; django.setup(); from messaging.failpoints import failpoint; failpoint('x')"


def run(**environment: str) -> int:
    clean = {name: value for name, value in os.environ.items() if name != "TESTING"}
    clean |= {"DJANGO_SETTINGS_MODULE": "config.settings", "FAILPOINTS": "x=kill"}
    done = subprocess.run([sys.executable, "-c", BREAK], env=clean | environment, check=False)
    return done.returncode


def test_only_a_test_may_kill() -> None:
    assert run(TESTING="true") == -signal.SIGKILL
    assert run() == 0


def functions(module: str) -> Iterator[tuple[str, ast.AST]]:
    path = ROOT / f"{module.replace('.', '/')}.py"
    module = module.rpartition(".")[2]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}.{node.name}", node


def calls(function: ast.AST) -> set[str]:
    """Names of what it calls, with and without what they are called on."""
    names = {ast.unparse(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)}
    return {
        part
        for name in names
        for part in (name, name.split(".")[-1], ".".join(name.split(".")[-2:]))
    }


def unguarded(module: str) -> set[str]:
    return {
        name
        for name, function in functions(module)
        if calls(function) & FINAL and "failpoint" not in calls(function)
    }


def test_whatever_becomes_final_has_a_failpoint_beside_it() -> None:
    found = set().union(*(unguarded(module) for module in MODULES))
    assert found == set(EXCUSED)


def test_every_failpoint_has_a_name_of_its_own() -> None:
    names = [
        ast.literal_eval(node.args[0])
        for app in ("messaging", "outbound")
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "failpoint"
    ]
    assert len(names) == len(set(names)) > 60
