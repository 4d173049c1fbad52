"""The user that embedded servers run as, and a folder for them that this user can reach.

Postgres refuses to run as root. So for root its servers run as `postgres`, else `nobody`; for
anybody else they run as that person. Nothing that was not made here changes its permissions:
where the other user cannot reach the data folder, a folder of its own is made under /var/lib.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inbox.processes.errors import CannotStart

STATE_PARENT = Path("/var/lib")


@dataclass(frozen=True, slots=True)
class Account:
    """The user that a server runs as; None in both places means: the one who started us."""

    user: int | None = None
    group: int | None = None

    @property
    def supplementary_groups(self) -> list[int] | None:
        """No groups beyond its own for another user; one's own groups for oneself."""
        return None if self.user is None else []

    def run(
        self, command: Sequence[str | Path], *, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a short command as this user, in `/`, with a bare environment and `text` to read."""
        return subprocess.run(  # noqa: S603 - our own command lines only
            [str(word) for word in command],
            user=self.user,
            group=self.group,
            extra_groups=self.supplementary_groups,
            cwd="/",
            env=bare_environment(),
            capture_output=True,
            text=True,
            input=text,
            check=False,
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass every parent of `folder` and itself; asked of the system."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Give something that was just made here to this user."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


def bare_environment() -> dict[str, str]:
    """Enough to run a server; nothing of the caller's language, PG… or secrets."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def server_account() -> Account:
    """Who runs the embedded servers."""
    if os.geteuid() != 0:
        return Account()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    message = "Postgres does not run as root, and there is neither a user postgres nor nobody."
    raise CannotStart(message)


def account_for(home: Path) -> Account:
    """The owner of the servers' data where root finds some of another user, else the usual one."""
    data = home / "postgres"
    if os.geteuid() == 0 and data.is_dir() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    return server_account()


def servers_home(folder: Path, account: Account) -> Path:
    """The folder for the servers' data: `folder` itself, or one that `account` can reach.

    The other one's name follows from the first one's path, so the next start finds it again.
    """
    elsewhere = STATE_PARENT / f"inbox-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    if not elsewhere.exists():
        if (folder / "postgres").exists() or account.can_enter(folder):
            return folder
        try:
            elsewhere.mkdir()
            elsewhere.chmod(0o711)
        except OSError as problem:
            message = (
                f"Cannot make {elsewhere} ({problem.strerror}): "
                "set DATA_DIR to a folder below which other users may read."
            )
            raise CannotStart(message) from problem
    return elsewhere
