"""Servers of our own: started where none are given, shared, and stopped by the last one out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from inbox.processes import embedded, ports, postgres, process_table, state
from inbox.processes.accounts import server_account, servers_home
from inbox.processes.errors import CannotStart
from inbox.processes.program import Program
from tests.processes.conftest import mentions, wait_for

pytestmark = pytest.mark.process

HOLD_SERVERS = """\
import os, sys
from inbox.processes import embedded, state
folder = state.data_dir()
with embedded.running(folder, embedded.set_environment(folder)):
    print(os.environ["DATABASE_URL"], flush=True)
    sys.stdin.read()
"""


def hold(environment: dict[str, str]) -> subprocess.Popen[str]:
    """Another command that uses the servers until its input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD_SERVERS],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def first_line(command: subprocess.Popen[str]) -> str:
    """What the command printed once it had its servers."""
    assert command.stdout is not None
    return command.stdout.readline().strip()


@pytest.mark.usefixtures("clean_environment")
def test_servers_run_for_the_context_and_keep_their_data(folder: Path) -> None:
    names = embedded.set_environment(folder)
    with embedded.running(folder, names):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT lower('ÉCOLE') AS word")
        redis.Redis.from_url(os.environ["REDIS_URL"]).set("kept", "yes")
        assert set(state.read_run(folder).processes) == {"postgres", "redis"}
    assert not process_table.matching(mentions(str(folder)))
    assert not (folder / "run.json").exists()
    with embedded.running(folder, names):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            row = connection.execute("SELECT word FROM kept").fetchone()
        assert row == ("école",)
        assert redis.Redis.from_url(os.environ["REDIS_URL"]).get("kept") == b"yes"


@pytest.mark.usefixtures("clean_environment")
def test_settings_are_durable(folder: Path) -> None:
    with embedded.running(folder, embedded.set_environment(folder)):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            for name in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute(f"SHOW {name}").fetchone() == ("on",)
        store = redis.Redis.from_url(os.environ["REDIS_URL"])
        assert store.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert store.config_get("appendonly") == {"appendonly": "yes"}


def test_a_second_command_attaches_and_the_last_one_out_stops(
    folder: Path, clean_environment: dict[str, str]
) -> None:
    with hold(clean_environment) as first, hold(clean_environment) as second:
        url = first_line(first)
        assert first_line(second) == url
        first.communicate()
        assert postgres.answers(url)
        second.communicate()
    assert not process_table.matching(mentions(str(folder)))


def test_servers_of_a_killed_command_are_taken_over(
    folder: Path, clean_environment: dict[str, str]
) -> None:
    with hold(clean_environment) as first:
        url = first_line(first)
        before = state.read_run(folder).processes
        first.kill()
        first.communicate()
    with hold(clean_environment) as second:
        assert first_line(second) == url
        assert state.read_run(folder).processes == before
        second.communicate()
    assert not process_table.matching(mentions(str(folder)))


def test_given_addresses_are_honoured(folder: Path, clean_environment: dict[str, str]) -> None:
    assert "DATABASE_URL" not in clean_environment
    os.environ["DATABASE_URL"] = "postgresql://elsewhere/db"
    os.environ["REDIS_URL_FILE"] = "/run/secrets/redis"
    assert embedded.set_environment(folder) == []
    assert os.environ["DATABASE_URL"] == "postgresql://elsewhere/db"
    assert "REDIS_URL" not in os.environ
    assert "SECRET_KEY" not in os.environ  # rows elsewhere need the keys that belong to them


@pytest.mark.usefixtures("clean_environment")
def test_keys_are_made_once_and_readable_for_their_owner_alone(folder: Path) -> None:
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS")
    embedded.set_environment(folder)
    made = {name: os.environ.pop(name) for name in names}
    embedded.set_environment(folder)
    assert made == {name: os.environ[name] for name in names}
    for file in ("secret_key", "field_encryption_keys", "servers.json"):
        assert (folder / file).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("clean_environment")
def test_a_port_taken_by_a_stranger_is_replaced(folder: Path) -> None:
    embedded.set_environment(folder)
    taken = state.address(folder, "redis")
    blocker = Program(
        name="blocker",
        command=(sys.executable, "-m", "http.server", "-b", "127.0.0.1", str(taken.port)),
        environment={},
        folder=folder,
    ).start(subprocess.DEVNULL)
    try:
        wait_for(lambda: not ports.is_free(taken.port), "the stranger listens")
        embedded.settle(folder, "redis")
    finally:
        blocker.kill()
        blocker.wait()
    moved = state.address(folder, "redis")
    assert moved.port != taken.port
    assert moved.password == taken.password


def test_temporary_services_survive_their_own_murder(folder: Path) -> None:
    with embedded.temporary_services(folder, durable=True) as services:
        with psycopg.connect(services.database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        services.postgres.kill()
        assert not services.postgres.answers()
        services.postgres.launch()
        services.postgres.stop_at_once()
        services.postgres.launch()
        services.redis.kill()
        services.redis.launch()
        with psycopg.connect(services.database_url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (1,)
        assert services.redis.answers()
    assert not process_table.matching(mentions(str(folder)))


@pytest.mark.skipif(os.geteuid() != 0, reason="another user's servers need root")
def test_root_moves_the_servers_where_their_user_can_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    (tmp_path / "lib").mkdir()
    reachable = server_account().can_enter(tmp_path)
    monkeypatch.setattr("inbox.processes.accounts.STATE_PARENT", tmp_path / "lib")
    home = servers_home(private, server_account())
    assert home.parent == tmp_path / "lib"
    assert home == servers_home(private, server_account())
    assert private.stat().st_mode & 0o777 == 0o700
    assert server_account().can_enter(home) == reachable


@pytest.mark.usefixtures("clean_environment")
def test_a_postgres_that_cannot_start_says_why_in_one_sentence(folder: Path) -> None:
    names = embedded.set_environment(folder)
    with embedded.running(folder, names):
        pass
    (folder / "postgres" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(CannotStart) as refused, embedded.running(folder, names):
        pass
    assert "database files are incompatible with server" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(not ports.CONNECTIONS.exists(), reason="Linux tells its range")
def test_a_chosen_port_is_given_to_no_outgoing_connection() -> None:
    first_of_connections = int(ports.CONNECTIONS.read_text().split()[0])
    assert all(ports.choose() < first_of_connections for _ in range(20))
