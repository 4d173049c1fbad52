"""What the Cloud API's error codes mean for a message that leaves; pure.

Source: Cloud API, "Error codes", and what users report of them. A code that is not listed
belongs to CODE_RANGES or is UNLISTED: then its raw title is all that can be said.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorClass(StrEnum):
    """Why a message did not leave, by what can be done about it."""

    # Not the message's fault: it leaves later by itself.
    BUSY = "busy"
    NUMBER_THROTTLED = "number_throttled"
    ACCOUNT_THROTTLED = "account_throttled"
    PAIR_THROTTLED = "pair_throttled"
    NETWORK = "network"
    # Nobody knows.
    UNCONFIRMED = "unconfirmed"
    # For good.
    WINDOW = "window"
    RECIPIENT = "recipient"
    REQUEST = "request"
    TEMPLATE = "template"
    MEDIA = "media"
    ACCESS = "access"
    ACCOUNT = "account"
    LATER = "later"
    OURS = "ours"
    UNLISTED = "unlisted"


def _listed(error_class: ErrorClass, *codes: int) -> dict[int, ErrorClass]:
    return dict.fromkeys(codes, error_class)


C = ErrorClass
CODES: dict[int, ErrorClass] = {
    **_listed(C.BUSY, 2, 131016, 131057, 133004),
    **_listed(C.NUMBER_THROTTLED, 130429),
    **_listed(C.ACCOUNT_THROTTLED, 4, 80007, 80008),
    **_listed(C.PAIR_THROTTLED, 131056),
    **_listed(C.UNCONFIRMED, 1, 131000),
    **_listed(C.WINDOW, 131047),
    **_listed(C.RECIPIENT, 130403, 130472, 130497, 131021, 131026, 131030, 131050, 131062),
    **_listed(C.REQUEST, 33, 100, 506, 131008, 131009, 131051, 131055, 135000),
    **_listed(C.REQUEST, 134100, 139100, 139101, 139102, 139103, 2388024, 2388039, 2388040),
    **_listed(C.REQUEST, 2388047, 2388072, 2388073, 2388293, 2388299, 2593107, 2593108),
    **_listed(C.REQUEST, 2593109, 1752041, 200005, 200006, 200007, 131060),
    **_listed(C.TEMPLATE, 132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068),
    **_listed(C.MEDIA, 131052, 131053),
    **_listed(C.ACCESS, 0, 3, 10, 102, 104, 190, 131005),
    **_listed(C.ACCOUNT, 368, 131031, 131037, 131042, 131045, 131063, 133000, 133005, 133006),
    **_listed(C.ACCOUNT, 133010, 134011, 134102, 136025, 2388019),
    **_listed(C.LATER, 131048, 131049, 131064, 132069, 133008, 133009, 133015, 133016, 134101),
    **_listed(C.LATER, 2494100),
}
CODE_RANGES: tuple[tuple[range, ErrorClass], ...] = (
    (range(200, 300), C.ACCESS),
    (range(138000, 138019), C.ACCOUNT),
    (range(147001, 147006), C.ACCOUNT),
)

THROTTLES = frozenset({C.NUMBER_THROTTLED, C.ACCOUNT_THROTTLED, C.PAIR_THROTTLED})


def class_of(code: int) -> ErrorClass:
    """The class of a code of the provider."""
    if code in CODES:
        return CODES[code]
    for codes, error_class in CODE_RANGES:
        if code in codes:
            return error_class
    return ErrorClass.UNLISTED
