"""Small pictures: drawn anew, bounded, upright."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from messaging import thumbnails
from tests.messaging import samples


@pytest.fixture
def drawn(tmp_path: Path):
    def draw(content: bytes) -> thumbnails.Thumbnail | None:
        path = tmp_path / "picture"
        path.write_bytes(content)
        return thumbnails.draw(path)

    return draw


def test_place_camera_and_notes_are_gone(drawn) -> None:
    original = samples.photo_with_place()
    assert b"SecretCamera" in original
    assert b"SecretPlace" in original

    small = drawn(original)

    assert not any(word in small.content for word in (b"Secret", b"Exif", b"xmpmeta"))
    again = Image.open(io.BytesIO(small.content))
    assert not again.getexif()


def test_a_turned_photo_stands_upright(drawn) -> None:
    small = drawn(samples.photo_with_place((80, 40)))

    assert (small.width, small.height) == (40, 80)
    assert Image.open(io.BytesIO(small.content)).size == (40, 80)


def test_the_longest_side_is_bounded(drawn) -> None:
    small = drawn(samples.picture("PNG", (2000, 1000)))

    assert (small.width, small.height) == (2000, 1000)
    assert Image.open(io.BytesIO(small.content)).size == (640, 320)


def test_a_moving_sticker_stands_still_and_stays_transparent(drawn) -> None:
    small = drawn(samples.animated_sticker())

    again = Image.open(io.BytesIO(small.content))
    assert small.extension == "webp"
    assert getattr(again, "n_frames", 1) == 1
    assert again.has_transparency_data


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_shown_format_is_drawn(drawn, form: str) -> None:
    assert drawn(samples.picture(form)) is not None


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [6_000, 60_000])
def test_a_flood_of_pixels_is_not_decoded(drawn, monkeypatch, side: int) -> None:
    decoded: list[object] = []
    monkeypatch.setattr(thumbnails, "_draw", decoded.append)

    assert drawn(samples.pixel_flood(side)) is None
    assert drawn(samples.picture()) is None
    assert len(decoded) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xd8\xff", samples.HTML, samples.GIF_JS, samples.picture()[:300], samples.PDF],
)
def test_what_is_broken_has_none_and_raises_nothing(drawn, content: bytes) -> None:
    assert drawn(content) is None
