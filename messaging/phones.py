"""The same phone number, however it is written; pure.

WhatsApp knows some mobiles under an older form of their number, and shows now one, now the
other. Source: Cloud API, "Phone numbers › Brazil, Mexico and Argentina".
"""

from __future__ import annotations

BRAZIL_MOBILES = "6789"
ARGENTINA_AREA_LENGTHS = (2, 3, 4)


def canonical(digits: str) -> str:
    """The key under which numbers are compared; only for that, never to send to.

    `digits` without plus. Brazil without the ninth digit of mobiles, Mexico without the 1 and
    Argentina without the 9 or the domestic 15 between country code and number.
    """
    if digits.startswith("55"):
        return _brazil(digits)
    if digits.startswith("521") and len(digits) == 13:
        return f"52{digits[3:]}"
    if digits.startswith("54"):
        return _argentina(digits)
    return digits


def _brazil(digits: str) -> str:
    is_new_mobile = len(digits) == 13 and digits[4] == "9" and digits[5] in BRAZIL_MOBILES
    return digits[:4] + digits[5:] if is_new_mobile else digits


def _argentina(digits: str) -> str:
    if len(digits) == 13 and digits[2] == "9":
        return f"54{digits[3:]}"
    if len(digits) != 14:
        return digits
    lengths = (2,) if digits[2:4] == "11" else ARGENTINA_AREA_LENGTHS
    for length in lengths:
        area = 2 + length
        if digits[area : area + 2] == "15":
            return digits[:area] + digits[area + 2 :]
    return digits
