"""Where a link to a map points; pure. Short links say it only to a browser, so they say nothing."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)"
PAIR = rf"{NUMBER}\s*,\s*\+?{NUMBER}"
# The pin first, then what the map is centred on.
PATTERNS = tuple(
    re.compile(each)
    for each in (
        rf"!3d{NUMBER}!4d{NUMBER}",
        rf"[?&]mlat={NUMBER}&mlon={NUMBER}",
        rf"[?&](?:q|query|ll|sll|center|destination|daddr|cp)=(?:loc:)?{PAIR}",
        rf"^geo:{PAIR}",
        rf"/place/{PAIR}",
        rf"@{PAIR}",
        rf"#map=\d+(?:\.\d+)?/{NUMBER}/{NUMBER}",
        rf"^\s*{PAIR}\s*$",
    )
)
NAME = re.compile(r"/place/([^/@?]+)/")
LONGEST = 2000


def coordinates_in(link: str) -> tuple[str, str] | None:
    """Latitude and longitude as the link, or a pair of numbers, writes them; None where it has
    none that lie on the earth.
    """
    text = unquote_plus(link[:LONGEST].replace("%2B", ""))
    for pattern in PATTERNS:
        found = pattern.search(text)
        if found and abs(float(found[1])) <= 90 and abs(float(found[2])) <= 180:
            return found[1].removeprefix("+"), found[2].removeprefix("+")
    return None


def name_in(link: str) -> str:
    """What a link to a place calls it, if it says."""
    found = NAME.search(link[:LONGEST])
    name = unquote_plus(found[1]).strip() if found else ""
    return "" if coordinates_in(name) else name[:100]
