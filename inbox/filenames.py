"""Names of files that strangers chose, made harmless; pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
# What reorders letters, so that "exe.jpg" can be read where "gpj.exe" stands, and what is unseen.
HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
ALIASES = {"jpeg": "jpg", "jpe": "jpg", "oga": "ogg", "opus": "ogg", "m4v": "mp4"}
RESERVED = re.compile(r'[\\/:*?"<>|]+')


def safe_filename(name: str, *, fallback: str, extension: str) -> str:
    """`name` without paths, controls and tricks, or `fallback`; at most 120 characters.

    With `extension` it ends in that, whatever it ended in before; "" leaves it its own.
    """
    visible = "".join(c for c in name if unicodedata.category(c) not in HIDDEN)
    bare = RESERVED.sub("_", unicodedata.normalize("NFC", visible)).strip(" ._")
    stem, dot, ending = bare.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = bare, ""
    if extension and ALIASES.get(ending.lower(), ending.lower()) != extension:
        ending = f"{ending}.{extension}" if ending else extension
    stem = (stem or fallback)[: LONGEST - len(ending) - 1].rstrip(" .")
    return f"{stem}.{ending}" if ending else stem
