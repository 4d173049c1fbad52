"""Voice notes as WhatsApp wants them: Ogg with Opus, mono; the sound itself is never re-encoded.

Chromium records WebM, Firefox Ogg, Safari MP4. The first two hold the very packets that an Ogg
file holds, so they are only put into another container.
"""

from __future__ import annotations

from messaging.voice import ogg, webm
from messaging.voice.opus import NotVoice, Sound

__all__ = ["NotVoice", "Sound", "to_ogg"]


def to_ogg(content: bytes) -> bytes:
    """The recording as Ogg with Opus, mono, its packets untouched. Raises NotVoice.

    Pure: bytes in, bytes out; what is such a file already is written anew all the same, so
    nothing but its sound is kept.
    """
    return ogg.write(read(content))


def read(content: bytes) -> Sound:
    """The Opus packets of a WebM or Ogg file. Raises NotVoice."""
    if content.startswith(webm.MAGIC):
        return webm.read(content)
    if content.startswith(ogg.MAGIC):
        return ogg.read(content)
    raise NotVoice("container")
