"""The environment that `manage.py up` gives to the processes it starts."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from inbox.processes.errors import CannotStart

DEFAULT_PORT = 8000
PORT_NAMES = {"web": "PORT", "gateway": "GATEWAY_PORT", "simulator": "SIMULATOR_PORT"}


def for_children(folder: Path, *, is_demo: bool) -> dict[str, str]:
    """Our own environment with ports, folders and, in a demo, the simulator as provider."""
    first = _first_port()
    values = {
        **os.environ,
        **{name: str(first + offset) for offset, name in enumerate(PORT_NAMES.values())},
        "DATA_DIR": str(folder),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "PYTHONUNBUFFERED": "1",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }
    if is_demo:
        values["DEMO"] = "true"
        values["GRAPH_API_URL"] = f"http://127.0.0.1:{values['SIMULATOR_PORT']}"
        values.setdefault("LOG_LEVEL", "WARNING")
        if os.geteuid() == 0:
            # Celery advises against root at every start; in a demo that is noise.
            values["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    return values


def empty_metrics(folder: Path) -> None:
    """Counters are kept in files per process; those of an earlier run would be counted again."""
    metrics = folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()


def _first_port() -> int:
    given = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not given.isdigit() or not 1 <= int(given) <= 65_533:
        message = f"PORT={given} is no port: choose a number from 1024 to 65533."
        raise CannotStart(message)
    return int(given)
