"""The Opus track of a WebM file, as browsers record it; pure.

Recorders write as they go, so sizes of the segment and its clusters may be unknown: such an
element ends where one begins that cannot be inside it.
Source: RFC 8794 (EBML), RFC 9559 (Matroska), WebM's "Opus codec mapping".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from messaging.voice.opus import SAMPLES_PER_SECOND, NotVoice, Sound, read_head

MAGIC = b"\x1aE\xdf\xa3"

SEGMENT, CLUSTER, TRACKS, BLOCK_GROUP = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xA0
TRACK_ENTRY, TRACK_NUMBER, CODEC, PRIVATE = 0xAE, 0xD7, 0x86, 0x63A2
BLOCK, SIMPLE_BLOCK, DISCARD = 0xA1, 0xA3, 0x75A2
# What is looked into; everything else is passed over by its size.
PARENTS = frozenset({SEGMENT, CLUSTER, TRACKS, BLOCK_GROUP, TRACK_ENTRY})
# Only these may have no size.
OPEN_ENDED = frozenset({SEGMENT, CLUSTER})
LACED = 0x06
LONGEST_ID, LONGEST_SIZE = 4, 8


@dataclass(frozen=True, slots=True)
class Element:
    """One element; parents come before what is in them, without content."""

    id: int
    content: bytes


@dataclass(slots=True)
class _Track:
    number: int = 0
    codec: str = ""
    private: bytes = b""


def read(content: bytes) -> Sound:
    """The packets of the first Opus track. Raises NotVoice.

    A recording that was cut off in its last block is read up to there.
    """
    elements = list(_elements(content))
    track = _opus_track(elements)
    head = read_head(track.private)
    packets = []
    discarded = 0
    for element in elements:
        if element.id in (BLOCK, SIMPLE_BLOCK):
            packet = _packet(element.content, track.number)
            packets += [packet] if packet else []
        elif element.id == DISCARD:
            discarded = int.from_bytes(element.content, "big", signed=True)
    if not packets:
        raise NotVoice("empty")
    return Sound(
        packets=tuple(packets),
        pre_skip=head.pre_skip,
        end_trim=max(discarded, 0) * SAMPLES_PER_SECOND // 1_000_000_000,
        input_rate=head.input_rate,
        gain=head.gain,
    )


def _opus_track(elements: list[Element]) -> _Track:
    tracks: list[_Track] = []
    for element in elements:
        if element.id == TRACK_ENTRY:
            tracks.append(_Track())
        elif tracks and element.id == TRACK_NUMBER:
            tracks[-1].number = int.from_bytes(element.content, "big")
        elif tracks and element.id == CODEC:
            tracks[-1].codec = element.content.rstrip(b"\0").decode("ascii", "replace")
        elif tracks and element.id == PRIVATE:
            tracks[-1].private = element.content
    if any(track.codec.startswith("V_") for track in tracks):
        raise NotVoice("video")
    found = next((track for track in tracks if track.codec == "A_OPUS"), None)
    if found is None:
        raise NotVoice("codec")
    return found


def _packet(block: bytes, track_number: int) -> bytes:
    """The packet of a block, or nothing where it belongs to another track."""
    number, at = _number(block, 0)
    if len(block) < at + 3 or number != track_number:
        return b""
    if block[at + 2] & LACED:
        raise NotVoice("laced")
    return block[at + 3 :]


def _elements(content: bytes) -> Iterator[Element]:
    """Every element in the order it is written, parents opened; a cut tail is left out."""
    at = 0
    while at < len(content):
        try:
            kind, at = _id(content, at)
            size, at = _size(content, at)
        except IndexError:
            return
        if kind in PARENTS:
            if size is None and kind not in OPEN_ENDED:
                raise NotVoice("size")
            yield Element(kind, b"")
        elif size is None:
            raise NotVoice("size")
        else:
            if at + size > len(content):
                return
            yield Element(kind, content[at : at + size])
            at += size


def _id(content: bytes, at: int) -> tuple[int, int]:
    length = _length(content[at])
    if length > LONGEST_ID:
        raise NotVoice("id")
    if at + length > len(content):
        raise IndexError
    return int.from_bytes(content[at : at + length], "big"), at + length


def _size(content: bytes, at: int) -> tuple[int | None, int]:
    """A size, None where it is unknown: all its bits are set."""
    length = _length(content[at])
    value, end = _number(content, at)
    return (None if value == (1 << 7 * length) - 1 else value), end


def _number(content: bytes, at: int) -> tuple[int, int]:
    """A number of variable length, and where it ends. Raises IndexError where it is cut."""
    if at >= len(content):
        raise IndexError
    length = _length(content[at])
    if length > LONGEST_SIZE:
        raise NotVoice("number")
    if at + length > len(content):
        raise IndexError
    value = int.from_bytes(content[at : at + length], "big")
    return value & ((1 << 7 * length) - 1), at + length


def _length(first: int) -> int:
    """How many bytes a number has, by the zeros before its first one."""
    return 9 - first.bit_length()
