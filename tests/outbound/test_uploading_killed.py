"""A process that uploads is killed, wherever it stands; another one finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection as database

from outbound.dispatch import dispatch_due
from outbound.models import ProviderFile
from outbound.uploading import upload_due
from tests.outbound.conftest import states
from tests.outbound.graph import FakeGraph
from tests.outbound.test_uploading import PHOTO, attach, retry_now, status_of, until

__all__ = ["attach"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
PROCESS_SECONDS = 60
UPLOAD = "import django; django.setup(); from outbound import uploading; uploading.upload_due()"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def uploader(folder: Path, failpoints: str = "") -> subprocess.Popen[bytes]:
    """A process that uploads what is due in the test's database."""
    values = database.settings_dict
    address = f"{values['HOST']}:{values['PORT']}/{values['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{values['USER']}:{values['PASSWORD']}@{address}",
        "MEDIA_ROOT": str(folder),
        "FAILPOINTS": failpoints,
        "TESTING": "true",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen([sys.executable, "-c", UPLOAD], env=environment)


@pytest.mark.parametrize("place", ["claimed", "answered", "recorded"])
def test_whatever_a_kill_interrupts_is_finished(
    attach, folder: Path, graph: FakeGraph, place: str
) -> None:
    message = attach()
    process = uploader(folder, f"upload.{place}=kill")
    assert process.wait(PROCESS_SECONDS) == -signal.SIGKILL
    is_ready = place == "recorded"
    assert ProviderFile.objects.get().state == ("ready" if is_ready else "waiting")
    assert upload_due() == 0
    retry_now()
    assert upload_due() == (0 if is_ready else 1)
    dispatch_due(limit_seconds=5)
    assert (status_of(message)[0], states(message)) == ("accepted", ["accepted"])
    assert {file.content for file in graph.handed} == {PHOTO}
    # An upload whose answer nobody kept is a file more there, and harms nobody.
    assert len(graph.handed) == (2 if place == "answered" else 1)


def test_a_kill_in_the_middle_of_the_bytes_costs_nothing(
    attach, folder: Path, graph: FakeGraph
) -> None:
    message = attach("document", bytes(range(256)) * (24 << 12), "application/pdf")
    graph.reads_slowly.set()
    process = uploader(folder)
    until(graph.is_reading.is_set)
    process.kill()
    assert process.wait(PROCESS_SECONDS) == -signal.SIGKILL
    graph.reads_slowly.clear()
    retry_now()
    assert upload_due() == 1
    dispatch_due(limit_seconds=5)
    assert status_of(message)[0] == "accepted"
    assert [len(file.content) for file in graph.handed] == [24 << 20]
