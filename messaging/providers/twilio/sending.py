"""Sending through Twilio."""

from __future__ import annotations

from messaging.providers.sending import Capabilities, Sending
from messaging.providers.twilio.checks import problems
from messaging.providers.twilio.client import send
from messaging.providers.twilio.encoding import FILES, encode

SENDING = Sending(
    capabilities=Capabilities(
        kinds=FILES | {"text", "location", "template"},
        addresses=("phone", "bsuid", "parent_bsuid"),
        has_window=True,
    ),
    encode=encode,
    problems=problems,
    send=send,
)
