"""Small pictures for the screen, drawn anew: nothing of the original but its pixels is kept.

So no place, camera or name travels with them, and no file that pretends to be a picture.
"""

from __future__ import annotations

import logging
import threading
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

logger = logging.getLogger(__name__)

# The longest side.
LARGEST_SIDE = 640
# A picture is decoded as a whole; this many pixels are 120 MB. Larger ones stay without.
LARGEST_PIXELS = 30_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 80

# Pillow itself refuses at twice as many; up to there it warns, and we refuse.
Image.MAX_IMAGE_PIXELS = LARGEST_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# One at a time: many pictures decoded at once would not fit.
decoding = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small picture, and the size of the original as it is seen (upright)."""

    content: bytes
    extension: str
    width: int
    height: int


def draw(path: Path) -> Thumbnail | None:
    """A thumbnail of the picture (its first frame), or None where none can be made safely."""
    try:
        with decoding, Image.open(path, formats=FORMATS) as image:
            is_too_large = image.width * image.height > LARGEST_PIXELS
            return None if is_too_large else _draw(image)
    except Exception:  # decoders raise whatever they like, and a file goes without a picture
        logger.info("no thumbnail", exc_info=True)
        return None


def _draw(image: Image.Image) -> Thumbnail:
    width, height = image.size
    whole = image.convert("RGBA") if image.mode == "P" else image
    whole.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    upright = ImageOps.exif_transpose(whole)
    if (upright.width > upright.height) != (whole.width > whole.height):
        width, height = height, width
    has_alpha = upright.has_transparency_data
    small = upright.convert("RGBA" if has_alpha else "RGB")
    small.info.clear()
    content = BytesIO()
    small.save(content, "WEBP" if has_alpha else "JPEG", quality=QUALITY)
    return Thumbnail(
        content=content.getvalue(),
        extension="webp" if has_alpha else "jpg",
        width=width,
        height=height,
    )
