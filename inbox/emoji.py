"""The emoji of the picker, in groups, by their Unicode names; `write_emoji` makes a file of them.

Source: Unicode 14, emoji-data (code points of one sign each), with names by Python's unicodedata.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

VARIATION = "\ufe0f"
# Code points in hexadecimal, `a-b` for a range, in the order in which they are shown. `+` asks for
# the picture of a sign that is text otherwise.
GROUPS = {
    "smileys": (
        "1f600-1f644 1f910-1f915 1f917 1f920-1f925 1f927-1f92f 1f970-1f976 1f978-1f97a 1f9d0 "
        "1fae0-1fae5 1fae8 1f479-1f47e 1f480 1f4a9 1f916 1f383 1f48b 1f4af 1f4a2 1f4a5 1f4ab "
        "1f4a6 1f4a8 +2764 1f9e1 1f49b 1f49a 1f499 1f49c 1f90e 1f5a4 1f90d 1f493-1f498 "
        "1f49d-1f49f +2763 1f4ac 1f4ad 1f4a4"
    ),
    "people": (
        "1f44d 1f44e 1f44f 1f64f 1f64c 1f44b 1f44c 1f90c 1f90f +270c 1f91e 1f91f 1f918 1f919 "
        "1f446-1f449 +261d 270b 1f91a +1f590 1f596 270a 1f44a 1f91b-1f91d 1faf0-1faf6 1f450 "
        "1f932 +270d 1f485 1f933 1f4aa 1f442 1f443 1f440 1f445 1f444 1f9e0 1f645-1f647 1f64b "
        "1f64d 1f64e 1f926 1f937 1f476 1f9d2 1f466 1f467 1f9d1 1f468 1f469 1f9d3-1f9d5 1f474 "
        "1f475 1f46e 1f477 1f470 1f935 1f385 1f936 1f930 1f931 1f46a-1f46d 1f483 1f57a 1f6b6 "
        "1f3c3 1f6b4 1f3ca 1f9d8 1f6cc"
    ),
    "animals": (
        "1f400-1f43e +1f43f 1f980-1f9ae 1fab0-1fab7 1f330-1f335 1f337-1f344 1f490 1f4ae +2618 "
        "1f308 +2600 1f31e 1f319 2b50 1f31f 1f320 +2601 26c5 +26c8 2614 +2744 26c4 26a1 1f525 "
        "1f4a7 1f30a 1f30d-1f30f"
    ),
    "food": (
        "1f345-1f37c 1f37e 1f37f 1f32d-1f32f +1f336 1f950-1f96f 1f9c0-1f9cb 1fad0-1fad9 2615 "
        "1f380-1f382 1f9c1"
    ),
    "travel": (
        "1f680-1f6a4 1f6b2 1f6eb 1f6ec 1f6f4-1f6fc +2708 1f3e0-1f3f0 26ea 26f2 26fa 26fd 2693 "
        "1f5fb-1f5ff +1f3d6 +1f3d4 +1f3d6 1f301-1f307 1f309 1f6a6 1f6a7 1f6a8 1f4cd "
        "1f3a0-1f3a2 1f6cd"
    ),
    "things": (
        "1f381 1f389 1f38a 1f388 1f384 1f386 1f387 2728 1f3c6 1f947-1f949 26bd 1f3c0 1f3be "
        "1f3d0 1f3af 1f3ae 1f3b2 1f3b5 1f3b6 1f3a4-1f3a9 1f3b8 1f4a1 1f4b0-1f4b8 1f4b3 1f4bb "
        "1f4bc 1f4c1-1f4cf 1f4d2-1f4da 1f4de-1f4e7 1f4e6 1f4f0-1f4f7 1f4f9 1f50a-1f517 "
        "1f50d-1f514 +260e +2702 +270f +2709 1f511 1f512 1f513 1f527-1f52e 1f451-1f462 1f484 "
        "1f48d 1f48e 1f393 1f392 231a 23f0 231b 23f3 1f4a3 1f48a 1f489 1f9f8 1f9f9 1f9fa "
        "1f9fc 1f9fe 1f6d2 1f6cd 1fa79"
    ),
    "symbols": (
        "2705 274c 274e 2753-2755 2757 +2714 +2716 2795-2797 +267b +26a0 26d4 1f6ab 1f6d1 "
        "1f51d 1f519-1f51c 1f195 1f193 1f197 1f192 1f198 1f534 1f7e0-1f7e2 1f535 1f7e3 26ab "
        "26aa 1f7e5-1f7e9 2b1b 2b1c 1f536-1f53d +27a1 +2b05 +2b06 +2b07 1f503 1f504 1f4f6 "
        "1f550-1f55b 2648-2653 1f7f0"
    ),
}
# Names that nobody would look for get the words that people do look for.
WORDS = {
    "😂": "laugh lol haha",
    "🤣": "laugh lol",
    "😊": "happy smile blush",
    "😢": "sad",
    "😭": "sad cry",
    "👍": "thumbs up yes ok good like",
    "👎": "thumbs down no bad",
    "🙏": "please thanks thank you pray",
    "👏": "applause bravo clap",
    "👋": "hello bye hi",
    "❤️": "red heart love",
    "✅": "done yes ok tick",
    "❌": "no wrong cancel",
    "🎉": "congratulations celebrate tada",
    "🎂": "cake happy birthday",
    "🔥": "hot lit",
    "💯": "hundred perfect",
    "📦": "parcel order delivery",
    "🚚": "truck delivery van",
    "📍": "place map pin location",
    "💳": "card pay payment",
    "🤝": "deal agreement shake hands",
    "🙌": "hooray hands",
    "🛒": "cart basket shop",
    "☕": "coffee tea",
    "😮": "wow surprised",
    "🫶": "love heart hands",
}
FLAGS = (
    "AE Emirates AO Angola AR Argentina AU Australia AT Austria BE Belgium BR Brazil CA Canada "
    "CH Switzerland CL Chile CN China CO Colombia CV Cape-Verde CZ Czechia DE Germany DK Denmark "
    "EG Egypt ES Spain EU Europe FI Finland FR France GB United-Kingdom GR Greece HK Hong-Kong "
    "HU Hungary ID Indonesia IE Ireland IL Israel IN India IT Italy JP Japan KE Kenya "
    "KR South-Korea LU Luxembourg MA Morocco MX Mexico MY Malaysia MZ Mozambique NG Nigeria "
    "NL Netherlands NO Norway NZ New-Zealand PE Peru PH Philippines PK Pakistan PL Poland "
    "PT Portugal PY Paraguay RO Romania SA Saudi-Arabia SE Sweden SG Singapore TH Thailand "
    "TR Turkey UA Ukraine US United-States UY Uruguay VE Venezuela VN Vietnam ZA South-Africa"
)


def as_json() -> str:
    """`[[group, [[emoji, name], …]], …]`, as small as it gets."""
    groups = [[name, [*_rows(ranges)]] for name, ranges in GROUPS.items()]
    groups.append(["flags", [*_flags()]])
    return json.dumps(groups, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rows(ranges: str) -> Iterator[list[str]]:
    seen = set()
    for each in ranges.split():
        first, _, last = each.removeprefix("+").partition("-")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            emoji = chr(code) + (VARIATION if each.startswith("+") else "")
            name = unicodedata.name(chr(code), "")
            if name and emoji not in seen:
                seen.add(emoji)
                yield [emoji, f"{name.lower()} {WORDS.get(emoji, '')}".strip()]


def _flags() -> Iterator[list[str]]:
    words = FLAGS.split()
    for code, name in zip(words[::2], words[1::2], strict=True):
        emoji = "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in code)
        yield [emoji, f"flag {name.replace('-', ' ').lower()}"]
