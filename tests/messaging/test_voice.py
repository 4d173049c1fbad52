"""Voice notes: what a browser recorded, in the container that WhatsApp shows as one."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.voice import NotVoice, Sound, ogg, opus, read, to_ogg, webm
from tests.messaging import recordings

# A packet of one frame of any length of time, and of two in one.
PACKETS = st.lists(
    st.builds(
        lambda config, code, body: bytes([config << 3 | code]) + body,
        st.integers(0, 31),
        st.integers(0, 1),
        st.binary(min_size=1, max_size=1200),
    ),
    min_size=1,
    max_size=120,
)
SOUNDS = st.builds(
    lambda packets, pre_skip, gain, rate: Sound(
        packets=tuple(packets), pre_skip=pre_skip, gain=gain, input_rate=rate
    ),
    PACKETS,
    st.integers(0, 3840),
    st.integers(-512, 512),
    st.sampled_from([8_000, 16_000, 48_000]),
)


@given(SOUNDS)
def test_every_packet_is_read_back_as_it_was_written(sound: Sound) -> None:
    assert ogg.read(ogg.write(sound)) == sound


@given(SOUNDS, st.booleans(), st.booleans())
def test_a_web_recording_keeps_every_packet(sound: Sound, known: bool, groups: bool) -> None:
    recorded = recordings.webm(sound, has_sizes=known, in_groups=groups)
    assert webm.read(recorded) == sound
    assert ogg.read(to_ogg(recorded)) == sound


def test_what_chromium_recorded_is_read_whole(payloads: Path) -> None:
    recorded = (payloads / "voice" / "chromium.webm").read_bytes()
    sound = read(recorded)
    assert len(sound.packets) == 26
    assert {opus.duration(packet) for packet in sound.packets} == {2880}
    assert all(packet in recorded for packet in sound.packets)
    assert read(to_ogg(recorded)) == sound


def test_the_file_is_mono_begins_and_ends_as_a_stream_does(payloads: Path) -> None:
    content = to_ogg((payloads / "voice" / "chromium.webm").read_bytes())
    pages = list(ogg._pages(content))
    head = pages[0].segments[0]
    assert (pages[0].flags, pages[-1].flags) == (ogg.FIRST, ogg.LAST)
    assert head[:8] == b"OpusHead"
    assert head[9] == 1
    assert pages[1].segments[0].startswith(b"OpusTags")
    assert [page.granule for page in pages] == [0, 0, 46080, 74880]


def test_the_checksum_is_that_of_the_standard() -> None:
    # Of a page that an independent encoder wrote.
    sample = Path(ogg.__file__).parents[1] / "simulator" / "samples" / "voice.ogg"
    assert ogg.checksum(b"123456789") == 0x89A1897F
    assert list(ogg._pages(sample.read_bytes()))


def test_what_the_recorder_says_to_drop_at_the_end_is_dropped() -> None:
    sound = Sound(packets=(b"\x0b\x02ab",) * 60, pre_skip=312, end_trim=480)
    assert webm.read(recordings.webm(sound, in_groups=True)) == sound
    assert ogg.read(ogg.write(sound)).end_trim == 480


def test_a_recording_that_broke_off_is_sent_up_to_there(payloads: Path) -> None:
    recorded = (payloads / "voice" / "chromium.webm").read_bytes()
    assert len(read(recorded[:-10]).packets) == 25


@pytest.mark.parametrize("seed", range(40))
def test_nonsense_is_refused_and_breaks_nothing(seed: int, payloads: Path) -> None:
    whole = bytearray((payloads / "voice" / "chromium.webm").read_bytes())
    for step in range(1 + seed % 5):
        whole[(seed * 37 + step * 11) % 400] ^= 1 << seed % 8
    made = b""
    with contextlib.suppress(NotVoice):
        made = to_ogg(bytes(whole))
    assert not made or made.startswith(b"OggS")


@pytest.mark.parametrize(
    "content", [b"", b"OggS", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0WAVE", b"x" * 99]
)
def test_other_files_are_no_voice(content: bytes) -> None:
    with pytest.raises(NotVoice):
        to_ogg(content)


def test_a_film_is_no_voice() -> None:
    sound = Sound(packets=(b"\x08abc",))
    with pytest.raises(NotVoice) as refusal:
        to_ogg(recordings.webm(sound, codec="V_VP8"))
    assert refusal.value.reason == "video"
