"""Sending through WAHA."""

from __future__ import annotations

from messaging.providers.sending import Capabilities, Sending
from messaging.providers.waha.checks import problems
from messaging.providers.waha.client import send
from messaging.providers.waha.encoding import CALLS, REACTION, encode

SENDING = Sending(
    capabilities=Capabilities(
        kinds=frozenset(CALLS) | {REACTION},
        addresses=("group", "phone", "lid"),
        has_window=False,
        takes_bytes=True,
    ),
    encode=encode,
    problems=problems,
    send=send,
)
