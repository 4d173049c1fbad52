"""When requests leave the processes that send them: noted there, gathered by who measures.

What a provider sees is later by the time it takes to read, which on a machine that it shares with
the senders is up to a tenth of a second; the limit is kept, or broken, where requests leave.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from messaging.providers import PROVIDERS
from messaging.providers.answers import Answer

Departures = dict[str, list[float]]  # by number, in monotonic seconds


def dispatch_with(workers: int, work: Callable[[], object]) -> Departures:
    """Do `work` in so many processes at once; when each message left."""
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()
    processes = [fork.Process(target=_noting, args=(work, told)) for _ in range(workers)]
    for process in processes:
        process.start()
    found: Departures = defaultdict(list)
    for _ in processes:
        for number, times in told.get().items():
            found[number].extend(times)
    for process in processes:
        process.join()
    return {number: sorted(times) for number, times in found.items()}


def _noting(work: Callable[[], object], told: Any) -> None:
    """Any: a queue between processes."""
    left: Departures = defaultdict(list)
    cloud = PROVIDERS["cloud"]
    assert cloud.sending is not None
    send = cloud.sending.send

    async def noted(session: Any, account: Any, address: str, body: Mapping[str, Any]) -> Answer:
        left[address].append(time.monotonic())
        return await send(session, account, address, body)

    PROVIDERS["cloud"] = replace(cloud, sending=replace(cloud.sending, send=noted))
    work()
    told.put(dict(left))
