"""What is kept under $DATA_DIR: keys, addresses of the embedded servers, and what runs now."""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inbox.processes import ports
from inbox.processes.errors import CannotStart

BASE_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The content of `run.json`: addresses of what runs, and the process id of each head."""

    database_url: str = ""
    redis_url: str = ""
    processes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where an embedded server listens on the loopback address, and its password."""

    port: int
    password: str


def data_dir() -> Path:
    """$DATA_DIR, by default `.data/` in the checkout; made on first use.

    The embedded servers may run as another user (see accounts.py), so others may pass through
    it, while every file that holds a secret is readable for its owner alone.
    """
    folder = Path(os.environ.get("DATA_DIR") or BASE_DIR / ".data").expanduser().absolute()
    if not folder.is_dir():
        try:
            folder.mkdir(parents=True)
            folder.chmod(0o711)
        except OSError as problem:
            message = f"Cannot make the data folder {folder} ({problem.strerror}): set DATA_DIR."
            raise CannotStart(message) from problem
    return folder


def keys(folder: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_ENCRYPTION_KEYS of this installation, generated once.

    The caller holds `locks.starting`, so that two first starts do not make two sets.
    """
    fernet_key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    return {
        "SECRET_KEY": _kept(folder / "secret_key", secrets.token_urlsafe(50)),
        "FIELD_ENCRYPTION_KEYS": _kept(folder / "field_encryption_keys", fernet_key),
    }


def address(folder: Path, name: str) -> Address:
    """Port and password of the embedded server `name`, chosen once (under `locks.starting`)."""
    saved = _read_json(folder / "servers.json").get(name)
    if saved:
        return Address(**saved)
    return _save_address(folder, name, secrets.token_urlsafe(24))


def move(folder: Path, name: str) -> Address:
    """Another port for the server `name`, because a stranger took the one it had."""
    return _save_address(folder, name, address(folder, name).password)


def read_run(folder: Path) -> Run:
    """What `run.json` says, empty where nothing runs. It outlives a crash, so verify it."""
    saved = _read_json(folder / "run.json")
    return Run(
        database_url=saved.get("database_url", ""),
        redis_url=saved.get("redis_url", ""),
        processes=saved.get("processes", {}),
    )


def write_run(folder: Path, run: Run) -> None:
    """Replace `run.json` in one step, so that a reader never sees half of it."""
    _write(folder / "run.json", json.dumps(asdict(run), indent=2))


def forget_run(folder: Path) -> None:
    """Remove `run.json`: nothing runs any more."""
    (folder / "run.json").unlink(missing_ok=True)


def _save_address(folder: Path, name: str, password: str) -> Address:
    chosen = Address(port=ports.choose(), password=password)
    path = folder / "servers.json"
    _write(path, json.dumps({**_read_json(path), name: asdict(chosen)}, indent=2))
    return chosen


def _kept(path: Path, fresh: str) -> str:
    if not path.exists():
        _write(path, fresh)
    return _read(path).strip()


def _read_json(path: Path) -> dict[str, Any]:  # Any: JSON of our own, checked where it is used
    try:
        content: dict[str, Any] = json.loads(_read(path)) if path.exists() else {}
    except ValueError as problem:
        message = f"{path} is damaged; remove it and start again."
        raise CannotStart(message) from problem
    return content


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as problem:
        message = (
            f"Cannot read {path} ({problem.strerror}): run this as its owner, or set DATA_DIR."
        )
        raise CannotStart(message) from problem


def _write(path: Path, content: str) -> None:
    """Put `content` into `path` in one step, readable for its owner alone, safely on disk."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as problem:
        message = f"Cannot write {path} ({problem.strerror}): free space, or set DATA_DIR."
        raise CannotStart(message) from problem
