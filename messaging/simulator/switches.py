"""What can be changed while the simulator runs: its faults, and the timing of statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Code = Annotated[int, msgspec.Meta(ge=0)]


class Unacceptable(Exception):
    """A request to the simulator's own side that makes no sense; the text says why."""


class Faults(msgspec.Struct, kw_only=True):
    """Ways the platform goes wrong. All off at the start; kept in memory only."""

    # The webhooks that we send.
    deliver_twice: bool = False
    out_of_order: bool = False
    delay_seconds: Seconds = 0
    wrong_signature: bool = False
    no_statuses: bool = False
    status_before_answer: bool = False
    # The answers that we give.
    stop_answering: bool = False
    server_error_rate: Rate = 0
    answer_lost: bool = False
    accepted_then_error: bool = False
    garbage_answer: bool = False
    answer_delay_seconds: Seconds = 0
    # The sends that we refuse or fail.
    access_revoked: bool = False
    pair_limited: bool = False
    throttled: bool = False
    window_closed: bool = False
    fail_code: Code | None = None
    # The files that we hand out.
    media_unavailable: bool = False
    media_expired: bool = False
    media_wrong_checksum: bool = False
    media_delay_seconds: Seconds = 0


class Timing(msgspec.Struct, kw_only=True):
    """Seconds from acceptance to `sent`, from there to `delivered`, from there to `read`.

    Without `read_seconds` nobody reads until the chat is opened on the phone page; with it, an
    open chat still reads at once.
    """

    sent_seconds: Seconds = 0.15
    delivered_seconds: Seconds = 0.4
    read_seconds: Seconds | None = 1.5


def merge(switches: Faults | Timing, changes: object) -> None:
    """Apply `changes`, a mapping of names to values, all or none.

    Raises Unacceptable for an unknown name or a value that the switch cannot take.
    """
    if not isinstance(changes, Mapping):
        raise Unacceptable("Send a JSON object of names and values.")
    known = switches.__struct_fields__
    for name in changes:
        if name not in known:
            raise Unacceptable(f"There is no switch named “{name}”. Known: {', '.join(known)}.")
    try:
        merged = msgspec.convert(msgspec.structs.asdict(switches) | dict(changes), type(switches))
    except msgspec.ValidationError as error:
        raise Unacceptable(f"A switch cannot take that value: {error}.") from None
    _copy(merged, switches)


def reset(switches: Faults | Timing) -> None:
    """Put every switch back to what a new simulator has."""
    _copy(type(switches)(), switches)


def _copy(source: Faults | Timing, target: Faults | Timing) -> None:
    for name in source.__struct_fields__:
        setattr(target, name, getattr(source, name))
