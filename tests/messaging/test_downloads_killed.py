"""A process that fetches is killed, wherever it stands; another one finishes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection as database
from django.utils import timezone

from messaging import downloads, media_files
from messaging.models import DeadLetter, Media
from tests import factories
from tests.messaging import samples
from tests.messaging.origin import hang
from tests.reliability.house import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
PHOTO = samples.picture()
PROCESS_SECONDS = 60
FETCH = "import django; django.setup(); from messaging import downloads; downloads.fetch_due()"


@pytest.fixture
def photo(conversation, origin, media_root) -> Media:
    message = factories.MessageFactory(conversation=conversation, kind="image")
    origin.put("777", PHOTO)
    return factories.MediaFactory(message=message, provider_id="777")


def fetcher(media_root: Path, failpoints: str = "") -> subprocess.Popen[bytes]:
    """A process that fetches what is due in the test's database."""
    values = database.settings_dict
    address = f"{values['HOST']}:{values['PORT']}/{values['NAME']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{values['USER']}:{values['PASSWORD']}@{address}",
        "MEDIA_ROOT": str(media_root),
        "FAILPOINTS": failpoints,
        "TESTING": "true",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.Popen([sys.executable, "-c", FETCH], env=environment)


def files_in(folder: Path) -> list[str]:
    return sorted(each.suffix for each in folder.rglob("*") if each.is_file())


def claims_end() -> None:
    """As if so much time had passed."""
    past = timezone.now() - timedelta(minutes=1)
    Media.objects.filter(state="fetching").update(claimed_until=past, due_at=past)


def age(folder: Path) -> None:
    old = time.time() - 2 * media_files.ORPHAN_SECONDS
    for path in folder.rglob("*"):
        os.utime(path, (old, old))


@pytest.mark.parametrize("place", ["claimed", "resolved", "written", "renamed", "recorded"])
def test_whatever_a_kill_interrupts_is_finished_once(photo, media_root, place: str) -> None:
    process = fetcher(media_root, f"media.{place}=kill")

    assert process.wait(PROCESS_SECONDS) == -signal.SIGKILL
    photo.refresh_from_db()
    assert photo.state == ("stored" if place == "recorded" else "fetching")
    assert downloads.fetch_due() == 0
    claims_end()
    assert downloads.fetch_due() == (place != "recorded")

    photo.refresh_from_db()
    assert (media_root / photo.file).read_bytes() == PHOTO
    assert photo.state == "stored"
    assert not DeadLetter.objects.exists()
    age(media_root)
    media_files.sweep_orphans()
    assert files_in(media_root) == [".jpg", ".jpg"]


def test_half_a_file_is_never_served(photo, origin, media_root) -> None:
    origin.then("/files/", hang(PHOTO))
    process = fetcher(media_root)
    until(lambda: origin.times()["/files/777"] > 0, "half of it came", seconds=PROCESS_SECONDS)
    process.kill()
    process.wait(PROCESS_SECONDS)

    photo.refresh_from_db()
    assert (photo.state, photo.file) == ("fetching", "")
    claims_end()
    downloads.fetch_due()
    photo.refresh_from_db()
    assert (media_root / photo.file).read_bytes() == PHOTO
    age(media_root)
    media_files.sweep_orphans()
    assert files_in(media_root) == [".jpg", ".jpg"]


def test_a_frozen_process_that_wakes_too_late_changes_nothing(photo, media_root) -> None:
    process = fetcher(media_root, "media.renamed=pause")
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    claims_end()
    downloads.fetch_due()
    photo.refresh_from_db()
    stored = photo.file

    process.send_signal(signal.SIGCONT)
    assert process.wait(PROCESS_SECONDS) == 0

    photo.refresh_from_db()
    assert photo.file == stored
    assert files_in(media_root) == [".jpg", ".jpg"]


def test_what_hints_left_behind_is_fetched_beside_the_sweeper(photo, media_root) -> None:
    assert downloads.sweep_due(grace_seconds=2.0) == 1
    assert downloads._Beside.thread
    downloads._Beside.thread.join(PROCESS_SECONDS)

    photo.refresh_from_db()
    assert photo.state == "stored"
    assert downloads.sweep_due(grace_seconds=2.0) == 0
