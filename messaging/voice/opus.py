"""Opus packets and their header; pure.

Source: RFC 6716, section 3.1 (the first byte of a packet); RFC 7845, section 5.1 (`OpusHead`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SAMPLES_PER_SECOND = 48_000
HEAD = struct.Struct("<8sBBHIhB")
HEAD_MAGIC = b"OpusHead"
# What libopus itself needs to settle; for a file that does not say. Source: RFC 7845, 4.2.
USUAL_PRE_SKIP = 312
LONGEST_PACKET = 5_760  # samples: 120 ms
# Samples of a frame by the packet's upper five bits. Source: RFC 6716, table 2.
FRAMES = (
    (480, 960, 1_920, 2_880) * 3  # SILK
    + (480, 960) * 2  # hybrid
    + (120, 240, 480, 960) * 4  # CELT
)


class NotVoice(Exception):
    """This is no recording that can be sent as a voice note; `reason` is one word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Packets in their order, samples to drop at the beginning (`pre_skip`) and at the end."""

    packets: tuple[bytes, ...]
    pre_skip: int = USUAL_PRE_SKIP
    end_trim: int = 0
    input_rate: int = SAMPLES_PER_SECOND
    gain: int = 0

    @property
    def sample_count(self) -> int:
        """What is heard, in samples at 48 kHz."""
        total = sum(duration(packet) for packet in self.packets)
        return max(total - self.pre_skip - self.end_trim, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What `OpusHead` says of the stream."""

    pre_skip: int
    input_rate: int
    gain: int


def read_head(content: bytes) -> Head:
    """The header of a stream of one or two channels. Raises NotVoice."""
    if len(content) < HEAD.size:
        raise NotVoice("head")
    magic, version, channels, pre_skip, rate, gain, family = HEAD.unpack_from(content)
    if magic != HEAD_MAGIC or version & 0xF0:
        raise NotVoice("head")
    if family != 0 or channels not in (1, 2):
        raise NotVoice("channels")
    return Head(pre_skip=pre_skip, input_rate=rate, gain=gain)


def write_head(sound: Sound) -> bytes:
    """The header of a mono stream.

    The count is of channels to be heard; a packet coded in stereo is mixed down by whoever
    plays it. Source: RFC 7845, section 5.1, "Output Channel Count".
    """
    return HEAD.pack(HEAD_MAGIC, 1, 1, sound.pre_skip, sound.input_rate, sound.gain, 0)


def duration(packet: bytes) -> int:
    """Samples at 48 kHz in one packet. Raises NotVoice."""
    if not packet:
        raise NotVoice("packet")
    code = packet[0] & 3
    if code == 3 and len(packet) < 2:
        raise NotVoice("packet")
    count = packet[1] & 63 if code == 3 else (1, 2, 2)[code]
    samples = count * FRAMES[packet[0] >> 3]
    if not 0 < samples <= LONGEST_PACKET:
        raise NotVoice("packet")
    return samples
