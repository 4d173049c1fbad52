"""What a simulator is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from messaging.simulator import demo
from messaging.simulator.switches import Timing

PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Fixed while the simulator runs; faults and timing are what changes.

    Failed webhooks are repeated after `retry_seconds`, doubling up to `retry_cap_seconds`.
    At most `concurrency` webhooks are under way; what waits beyond that is put together,
    up to `batch_limit` items in one body.
    """

    data_dir: Path
    webhook_url: str = demo.WEBHOOK_URL
    app_secret: str = demo.APP_SECRET
    access_token: str = demo.ACCESS_TOKEN
    waba_id: str = demo.WABA_ID
    channels: tuple[demo.DemoChannel, ...] = demo.CHANNELS
    customers: tuple[demo.DemoCustomer, ...] = demo.CUSTOMERS
    timing: Timing = field(default_factory=Timing)
    retry_seconds: float = 0.5
    retry_cap_seconds: float = 30.0
    webhook_timeout_seconds: float = 10.0
    concurrency: int = 32
    batch_limit: int = 100
