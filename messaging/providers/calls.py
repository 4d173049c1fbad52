"""A webhook call as signatures see it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """The exact bytes of a call, its headers by lower-case name, and where it was made to.

    `url` is the full address as the provider called it, with its query.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
