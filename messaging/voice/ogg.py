"""Ogg with one Opus stream, read and written; pure.

Source: RFC 3533 (pages), RFC 7845 (Opus in them).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from messaging.voice.opus import NotVoice, Sound, duration, read_head, write_head

MAGIC = b"OggS"
TAGS_MAGIC = b"OpusTags"
PAGE = struct.Struct("<4sBBqIIIB")
FIRST, LAST = 2, 4
MOST_SEGMENTS = 255
SECOND = 48_000  # pages of at most a second, as RFC 7845 advises
SERIAL = 1
VENDOR = b"inbox"
REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page, with the position at which its last whole packet ends."""

    flags: int
    granule: int
    segments: tuple[bytes, ...]


def write(sound: Sound) -> bytes:
    """`sound` as an Ogg file, mono. Raises NotVoice where there is nothing to hear."""
    if not sound.packets:
        raise NotVoice("empty")
    pages = [_page([write_head(sound)], granule=0, number=0, flags=FIRST)]
    tags = TAGS_MAGIC + struct.pack("<I", len(VENDOR)) + VENDOR + struct.pack("<I", 0)
    pages.append(_page([tags], granule=0, number=1))
    groups = list(_groups(sound.packets))
    granule = 0
    for index, group in enumerate(groups):
        granule += sum(duration(packet) for packet in group)
        is_last = index == len(groups) - 1
        pages.append(
            _page(
                group,
                granule=granule - sound.end_trim if is_last else granule,
                number=index + 2,
                flags=LAST if is_last else 0,
            )
        )
    return b"".join(pages)


def read(content: bytes) -> Sound:
    """The one Opus stream of an Ogg file. Raises NotVoice."""
    pages = list(_pages(content))
    packets = list(_packets(pages))
    if len(packets) < 3 or not packets[1].startswith(TAGS_MAGIC):
        raise NotVoice("empty")
    head = read_head(packets[0])
    sound = tuple(packets[2:])
    total = sum(duration(packet) for packet in sound)
    end = max(page.granule for page in pages)
    last = duration(sound[-1])
    return Sound(
        packets=sound,
        pre_skip=head.pre_skip,
        # A live recording may count from elsewhere than zero; only a cut last packet is a trim.
        end_trim=total - end if 0 < total - end < last else 0,
        input_rate=head.input_rate,
        gain=head.gain,
    )


def checksum(page: bytes) -> int:
    """CRC-32 with polynomial 0x04c11db7, unreflected, from zero; zlib's own, seen in a mirror."""
    mirrored = zlib.crc32(page.translate(REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _groups(packets: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Packets by page: at most a second and 255 segments, a packet never split."""
    group: list[bytes] = []
    samples = segments = 0
    for packet in packets:
        length, needed = duration(packet), len(packet) // 255 + 1
        if needed > MOST_SEGMENTS:
            raise NotVoice("packet")
        if group and (samples + length > SECOND or segments + needed > MOST_SEGMENTS):
            yield group
            group, samples, segments = [], 0, 0
        group.append(packet)
        samples, segments = samples + length, segments + needed
    yield group


def _page(packets: Iterable[bytes], *, granule: int, number: int, flags: int = 0) -> bytes:
    packets = list(packets)
    table = b"".join(b"\xff" * (len(each) // 255) + bytes([len(each) % 255]) for each in packets)
    header = PAGE.pack(MAGIC, 0, flags, granule, SERIAL, number, 0, len(table))
    page = header + table + b"".join(packets)
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def _pages(content: bytes) -> Iterator[Page]:
    at, serial = 0, None
    while at < len(content):
        if len(content) - at < PAGE.size:
            raise NotVoice("cut")
        magic, version, flags, granule, stream, _, crc, count = PAGE.unpack_from(content, at)
        table = content[at + PAGE.size : at + PAGE.size + count]
        body = at + PAGE.size + count
        end = body + sum(table)
        if magic != MAGIC or version or len(table) < count or end > len(content):
            raise NotVoice("cut")
        whole = content[at:end]
        if checksum(whole[:22] + bytes(4) + whole[26:]) != crc:
            raise NotVoice("checksum")
        if serial not in (None, stream):
            raise NotVoice("streams")
        serial = stream
        yield Page(flags=flags, granule=granule, segments=tuple(_split(content, body, table)))
        at = end


def _split(content: bytes, at: int, table: bytes) -> Iterator[bytes]:
    for length in table:
        yield content[at : at + length]
        at += length


def _packets(pages: Iterable[Page]) -> Iterator[bytes]:
    """Segments put together: a packet ends with one that is shorter than 255 bytes."""
    begun = bytearray()
    for page in pages:
        for segment in page.segments:
            begun += segment
            if len(segment) < 255:
                yield bytes(begun)
                begun = bytearray()
