"""The one way in which a start is refused."""

from __future__ import annotations


class CannotStart(Exception):
    """Something is missing, taken or broken; the message is one sentence for the person at hand."""
