from __future__ import annotations

from django.apps import AppConfig


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        from inbox import receivers  # noqa: PLC0415 - models are loaded only by now

        receivers.connect()
