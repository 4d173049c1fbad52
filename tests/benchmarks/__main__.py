"""`make bench`: every benchmark, or one: `make bench ONLY=ingest`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from inbox.processes.embedded import temporary_services

NAMES = ("ingest", "ingest_mix", "replay", "live", "desk", "send", "permits")


def main() -> int:
    """Run them one after the other, so that none disturbs another; 0 if all of them ended well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES)
    only = parser.parse_args().only
    return max(_run(name) for name in NAMES if only in (None, name))


def _run(name: str) -> int:
    """One benchmark on durable servers that nothing else uses."""
    with (
        tempfile.TemporaryDirectory(prefix="inbox-bench-") as folder,
        temporary_services(Path(folder), durable=True) as services,
    ):
        environment = {
            "SECRET_KEY": "benchmarks-only-key-of-sufficient-length-0123456789",
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            **os.environ,
            "DATABASE_URL": services.database_url,
            "REDIS_URL": services.redis_url,
        }
        command = [sys.executable, "-m", f"tests.benchmarks.{name}"]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
