"""`manage.py up` on real servers and small programs: it restarts, it stops, it leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from inbox.processes import ports, process_table
from inbox.processes.process_table import Entry
from tests.processes.conftest import Up, mentions, wait_for

pytestmark = pytest.mark.process

# Two processes, of which the child keeps a port when the head is killed.
HEAD_AND_CHILD = """\
import subprocess, sys, time
child = subprocess.Popen([sys.executable, sys.argv[1], sys.argv[2]])
print("child", child.wait(), flush=True)
"""
# A process that appends its name to a file when it is asked to stop.
NOTES_ITS_END = """\
import signal, sys
def end(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("began", flush=True)
signal.pause()
"""


def script(folder: Path, name: str, code: str) -> Path:
    """Put a script for the Procfile into the folder."""
    path = folder / name
    path.write_text(code)
    return path


def rows(up: Up) -> list[int]:
    """The numbers in a table `kept`, in the database of this `up`."""
    with psycopg.connect(json.loads((up.folder / "run.json").read_text())["database_url"]) as db:
        return [number for (number,) in db.execute("SELECT number FROM kept")]


def test_everything_runs_and_ctrl_c_leaves_nothing(up: Up, folder: Path) -> None:
    up.start()
    run = json.loads((folder / "run.json").read_text())
    assert set(run["processes"]) == {"postgres", "redis", "web", "simulator"}
    assert redis.Redis.from_url(run["redis_url"]).ping()
    last = up.output().splitlines()[-8:]
    assert f"  Inbox       http://127.0.0.1:{up.port}" in last
    assert "  Password    demo-inbox" in last
    assert up.stop(signal.SIGINT) == 0
    assert not process_table.matching(mentions(str(folder)))
    assert not (folder / "run.json").exists()


def test_programs_are_told_before_the_servers(up: Up, folder: Path) -> None:
    notes = script(folder, "notes.py", NOTES_ITS_END)
    up.start(f"one: python {notes} {folder}/ends one\ntwo: python {notes} {folder}/ends two")
    wait_for(lambda: up.output().count("began") == 2, "both began")
    pid = up.pid("postgres")
    up.stop(signal.SIGTERM)
    assert sorted((folder / "ends").read_text().split()) == ["one", "two"]
    assert "killed" not in up.output()
    assert not process_table.matching(lambda entry: entry.pid == pid)


def test_a_killed_program_runs_again(up: Up) -> None:
    up.without_servers().start()
    killed = up.kill("web")
    up.wait_for_another("web", than=killed)
    wait_for(lambda: not ports.is_free(up.port), "web listens again")
    assert "web        | was ended by SIGKILL; starting again in 1 s" in up.output()


def test_a_child_that_keeps_the_port_does_not_hinder_the_restart(up: Up, folder: Path) -> None:
    head = script(folder, "head.py", HEAD_AND_CHILD)
    port = ports.choose()
    up.without_servers().start(f"pair: python {head} {folder}/serve.py {port}")
    wait_for(lambda: not ports.is_free(port), "the child listens")
    first = process_table.matching(mentions(f"serve.py {port}"))
    killed = up.kill("pair")
    up.wait_for_another("pair", than=killed)
    wait_for(lambda: not ports.is_free(port), "another child listens")
    assert not {entry.pid for entry in first} & {
        entry.pid for entry in process_table.matching(mentions(f"serve.py {port}"))
    }
    assert "Address already in use" not in up.output()


def test_killed_servers_come_back_with_their_data(up: Up) -> None:
    up.start()
    with psycopg.connect(json.loads((up.folder / "run.json").read_text())["database_url"]) as db:
        db.execute("CREATE TABLE kept AS SELECT 1 AS number")
    # A child that hangs cannot notice that its head is dead, and holds the shared memory.
    checkpointer = _postgres_children(up, "checkpointer")[0]
    os.kill(checkpointer.pid, signal.SIGSTOP)
    killed = {name: up.kill(name) for name in ("postgres", "redis")}
    for name, pid in killed.items():
        up.wait_for_another(name, than=pid)
    wait_for(lambda: _answers(up), "Postgres and Redis answer again")
    assert rows(up) == [1]


def test_a_killed_child_of_postgres_is_survived(up: Up) -> None:
    up.start()
    head = up.pid("postgres")
    before = _postgres_children(up, "walwriter")[0]
    os.kill(before.pid, signal.SIGKILL)
    wait_for(
        lambda: [each for each in _postgres_children(up, "walwriter") if each.pid != before.pid],
        "another walwriter",
    )
    wait_for(lambda: _answers(up), "Postgres answers again")
    assert up.pid("postgres") == head, "its head lived on"


def test_what_a_killed_up_left_is_cleared_by_the_next(up: Up, folder: Path) -> None:
    head = script(folder, "head.py", HEAD_AND_CHILD)
    line = f"pair: python {head} {folder}/serve.py {ports.choose()}"
    up.start(line)
    left = [up.pid(name) for name in ("web", "pair", "redis", "postgres")]
    assert up.process is not None
    up.process.kill()
    up.process.wait()
    up.kill("pair")  # its child lives on, in a group that has lost its head
    up.start(line)
    assert not process_table.matching(lambda entry: entry.pid in left)
    assert up.stop() == 0
    assert not process_table.matching(mentions(str(folder)))


def test_a_port_in_use_is_one_sentence(up: Up) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", up.port))
        stranger.listen()
        assert up.without_servers().launch().wait(30) == 1
    last = up.output().splitlines()[-1]
    assert last.startswith(f"Error: Port {up.port} (web) is in use: ")
    assert "Traceback" not in up.output()


def test_a_second_up_is_refused(up: Up, folder: Path) -> None:
    up.without_servers().start()
    (folder / "second").mkdir()
    second = Up(folder, up.environment, ports.choose())
    assert second.launch().wait(30) == 1
    assert "already runs on" in second.output()
    assert up.pid("web")


def test_a_program_that_cannot_start_ends_the_start(up: Up) -> None:
    up.without_servers().launch('gateway: python -c "raise SystemExit(3)"')
    assert up.process is not None
    assert up.process.wait(60) == 1
    assert "gateway    | ended with status 3; starting again in 1 s" in up.output()
    assert up.output().splitlines()[-1].startswith("Error: gateway does not answer on port")


def test_given_addresses_start_no_servers(up: Up) -> None:
    up.without_servers().start(
        f"shows: {sys.executable} -c \"import os; print(os.environ['DATABASE_URL'])\""
    )
    assert up.pid("web")
    assert up.pid("postgres") is None
    assert up.pid("redis") is None
    wait_for(lambda: "shows      | postgresql://elsewhere/db" in up.output(), "the address")


def _postgres_children(up: Up, kind: str) -> list[Entry]:
    head = up.pid("postgres")
    parents = process_table.matching(lambda entry: entry.pid == head)
    name = (
        next(
            word.removeprefix("cluster_name=")
            for word in parents[0].command.split()
            if word.startswith("cluster_name=")
        )
        if parents
        else "none"
    )
    return process_table.matching(mentions(f"postgres: {name}: {kind}"))


def _answers(up: Up) -> bool:
    run = json.loads((up.folder / "run.json").read_text())
    try:
        psycopg.connect(run["database_url"], connect_timeout=2).close()
        return bool(redis.Redis.from_url(run["redis_url"]).ping())
    except (psycopg.OperationalError, redis.ConnectionError):
        return False
