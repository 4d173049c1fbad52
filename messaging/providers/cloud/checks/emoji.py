"""Whether a text is one emoji, as people count them.

Source: Unicode Technical Standard 51, "Emoji", section 1.4.9 (the possible-emoji pattern),
with the blocks in which pictographs stand instead of the property, which Python does not know.
"""

from __future__ import annotations

import re

PICTOGRAPH = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe"
    "\u2600-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5"
    "\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
SKIN = "[\U0001f3fb-\U0001f3ff]"
TAGS = "[\U000e0020-\U000e007e]{1,30}\U000e007f"
FLAG = "[\U0001f1e6-\U0001f1ff]{2}"
KEYCAP = "[0-9#*]\ufe0f?\u20e3"
ELEMENT = f"{PICTOGRAPH}(?:{SKIN}|\ufe0f)?(?:{TAGS})?"
EMOJI = re.compile(f"(?:{FLAG}|{KEYCAP}|{ELEMENT}(?:\u200d{ELEMENT}){{0,9}})")


def is_one_emoji(value: str) -> bool:
    """One emoji and nothing else; families, flags and skin tones count as one."""
    return len(value) <= 64 and EMOJI.fullmatch(value) is not None
