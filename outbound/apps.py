from __future__ import annotations

from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        """Listen to messaging, and tell it what to do with dead letters of ours."""
        from messaging import dead_letters  # noqa: PLC0415 - models are loaded only by now
        from messaging.models import DeadLetterSource  # noqa: PLC0415
        from outbound import receivers, redriving  # noqa: PLC0415

        receivers.connect()
        dead_letters.RETRIES[DeadLetterSource.OUTBOUND] = redriving.retry_letters
        dead_letters.DISCARDS[DeadLetterSource.OUTBOUND] = redriving.discard_letters
