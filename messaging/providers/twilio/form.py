"""The fields of a form body, as bytes; pure."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

Pair = tuple[bytes, bytes]


def pairs(body: bytes) -> list[Pair]:
    """Names and values in order, decoded from percent signs and plus; a blank value counts.

    Bytes, because a signature is over bytes, whatever charset they turn out to be in.
    """
    found = (field.partition(b"=") for field in body.split(b"&") if field)
    return [(_decoded(name), _decoded(value)) for name, _, value in found]


def _decoded(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))
