"""A mail server that takes nothing."""

from __future__ import annotations

from django.core.mail.backends.base import BaseEmailBackend


class Backend(BaseEmailBackend):
    """Refuses as a server that is down does."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError
