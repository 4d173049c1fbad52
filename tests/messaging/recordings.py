"""Recordings as browsers write them."""

from __future__ import annotations

import struct

from messaging.voice import Sound
from messaging.voice.opus import duration

UNKNOWN = b"\x01" + b"\xff" * 7


def webm_head(sound: Sound, channels: int = 2) -> bytes:
    return struct.pack(
        "<8sBBHIhB", b"OpusHead", 1, channels, sound.pre_skip, sound.input_rate, sound.gain, 0
    )


def webm(
    sound: Sound, *, has_sizes: bool = False, in_groups: bool = False, codec: str = "A_OPUS"
) -> bytes:
    """`sound` as a WebM file: sizes unknown as in a live recording, blocks simple or in groups."""
    entry = (
        _element(0xD7, b"\x01")
        + _element(0x83, b"\x02")
        + _element(0x86, codec.encode())
        + _element(0x63A2, webm_head(sound))
    )
    tracks = _element(0x1654AE6B, _element(0xAE, entry))
    clusters = b""
    for start in range(0, len(sound.packets), 50):
        blocks = b"".join(
            _block(sound, index, in_groups)
            for index in range(start, min(start + 50, len(sound.packets)))
        )
        clusters += _open(0x1F43B675, _element(0xE7, b"\0") + blocks, has_sizes)
    info = _element(0x1549A966, _element(0x2AD7B1, b"\x0f\x42\x40"))
    head = _element(0x1A45DFA3, _element(0x4282, b"webm"))
    return head + _open(0x18538067, info + tracks + clusters, has_sizes)


def _block(sound: Sound, index: int, in_group: bool) -> bytes:
    body = b"\x81\0\0\x80" + sound.packets[index]
    if not in_group:
        return _element(0xA3, body)
    is_last = index == len(sound.packets) - 1
    nanoseconds = sound.end_trim * 1_000_000_000 // 48_000
    trim = _element(0x75A2, nanoseconds.to_bytes(4, "big")) if is_last and sound.end_trim else b""
    assert duration(sound.packets[index])
    return _element(0xA0, _element(0xA1, body) + trim)


def _open(kind: int, content: bytes, has_size: bool) -> bytes:
    return _element(kind, content) if has_size else _id(kind) + UNKNOWN + content


def _element(kind: int, content: bytes) -> bytes:
    return _id(kind) + (0x10000000 | len(content)).to_bytes(4, "big") + content


def _id(kind: int) -> bytes:
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big")
