"""The way out, as programmes drive it: plant, wait until nothing is open, check what phones got."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator

from inbox.processes.state import BASE_DIR
from tests.reliability import inbound
from tests.reliability.house import Parts, until
from tests.reliability.provider import Provider

ENVIRONMENT = {
    "BREAKER_FAILURES": "5",
    "BREAKER_WINDOW_SECONDS": "30",
    "BREAKER_OPEN_SECONDS": "2",
    "SEND_RETRY_DELAYS": "0.5,1,2",
    "SEND_MAX_ATTEMPTS": "8",
    "SEND_DEADLINE_SERVICE": "86400",
    "DLQ_RETRY_RATE": "500",
}
PROCESSES = ("worker", "sweeper")
# Where tests have to wait for claims and holds that run out.
HASTY = {
    "worker": f"python -m tests.reliability.hasty {inbound.WORKER}",
    "sweeper": "python -m tests.reliability.hasty manage.py sweep",
}
OPEN = "SELECT count(*) FROM outbound_outboxentry WHERE finished_at IS NULL"
PARTS_OF_TEXT = 3


def plant(house: Parts, provider: Provider, **what: object) -> None:
    """`planting.plant` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.planting",
         json.dumps({"url": provider.url, **what})],
        cwd=BASE_DIR, env=house.environment | ENVIRONMENT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def wait_until_settled(house: Parts, *, seconds: float) -> None:
    """Wait until no entry is open."""
    until(lambda: house.one(OPEN) == 0, "every message is settled", seconds=seconds)


def duplicates(provider: Provider) -> Iterator[str]:
    """Texts that a phone received twice."""
    for (to, text), count in Counter((each.to, each.text) for each in provider.ledger).items():
        if count > 1:
            yield f"{to[-4:]} received {text} {count} times"


def disorder(provider: Provider, *, since: int = 0) -> Iterator[str]:
    """Phones that received a later text before an earlier one, from the ledger's line `since`."""
    seen: dict[str, list[int]] = defaultdict(list)
    for each in provider.ledger[since:]:
        seen[each.to].append(int(each.text.split(".")[PARTS_OF_TEXT - 1]))
    for to, numbers in seen.items():
        if numbers != sorted(numbers):
            yield f"{to[-4:]} received {numbers}"
