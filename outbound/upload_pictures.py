"""Pictures that WhatsApp would not take as they are, drawn anew as JPEG.

Only the pixels are kept: no place, no camera, nothing hidden. What cannot be decoded safely is
refused by whoever asks.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from messaging.thumbnails import LARGEST_PIXELS, decoding

logger = logging.getLogger(__name__)

READ = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
# Phones show no more than this.
LARGEST_SIDE = 4096
QUALITIES = (90, 80, 65)
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a picture is, as far as its header says."""

    width: int
    height: int
    is_animated: bool
    mode: str


def shape_of(path: Path) -> Shape | None:
    """The shape of the picture, or None where it is none that we read."""
    try:
        with Image.open(path, formats=READ) as image:
            return Shape(
                width=image.width,
                height=image.height,
                is_animated=getattr(image, "is_animated", False),
                mode=image.mode,
            )
    except Exception:  # decoders raise whatever they like
        logger.info("picture not read", exc_info=True)
        return None


def as_jpeg(path: Path, *, largest_bytes: int) -> bytes | None:
    """The picture as JPEG, upright, on white; None where it cannot be done or stays too large."""
    try:
        with decoding, Image.open(path, formats=READ) as image:
            if image.width * image.height > LARGEST_PIXELS:
                return None
            flat = _flat(image)
            drawn = (_saved(flat, quality) for quality in QUALITIES)
            return next((each for each in drawn if len(each) <= largest_bytes), None)
    except Exception:  # decoders raise whatever they like
        logger.info("picture not drawn", exc_info=True)
        return None


def _flat(image: Image.Image) -> Image.Image:
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    if not upright.has_transparency_data:
        return upright.convert("RGB")
    layer = upright.convert("RGBA")
    paper = Image.new("RGB", layer.size, WHITE)
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper


def _saved(image: Image.Image, quality: int) -> bytes:
    image.info.clear()
    content = BytesIO()
    image.save(content, "JPEG", quality=quality, optimize=True)
    return content.getvalue()
