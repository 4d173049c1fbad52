"""What providers' error codes mean for a message that leaves; pure.

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


class Remedy(StrEnum):
    """What helps after a failure of some class."""

    # By itself or by a button: the same message may leave at once.
    RETRY = "retry"
    # By itself or by a button, and not before some time has passed.
    WAIT = "wait"
    # Nobody knows whether it left: a person looks.
    REVIEW = "review"
    # An administrator puts access or account in order first.
    RECONNECT = "reconnect"
    TEMPLATE_FIX = "template_fix"
    # A template, or the customer's next message.
    WINDOW_CLOSED = "window_closed"
    # The same message will never leave.
    PERMANENT = "permanent"


def _listed(error_class: ErrorClass, *codes: int) -> dict[int, ErrorClass]:
    return dict.fromkeys(codes, error_class)


C = ErrorClass
# The Cloud API's.
CODES: dict[int, ErrorClass] = {
    **_listed(C.BUSY, 2, 131016, 131057, 133004),
    **_listed(C.NUMBER_THROTTLED, 130429),
    **_listed(C.ACCOUNT_THROTTLED, 4, 80007, 80008),
    **_listed(C.PAIR_THROTTLED, 131056),
    **_listed(C.UNCONFIRMED, 1, 131000),
    **_listed(C.WINDOW, 131047),
    **_listed(C.RECIPIENT, 130403, 130472, 130497, 131021, 131026, 131030, 131050, 131062),
    **_listed(C.REQUEST, 100, 506, 131008, 131009, 131051, 131055, 135000),
    **_listed(C.REQUEST, 134100, 139100, 139101, 139102, 139103, 2388024, 2388039, 2388040),
    **_listed(C.REQUEST, 2388047, 2388072, 2388073, 2388293, 2388299, 2593107, 2593108),
    **_listed(C.REQUEST, 2593109, 1752041, 200005, 200006, 200007, 131060),
    **_listed(C.TEMPLATE, 132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068),
    **_listed(C.MEDIA, 131052, 131053),
    **_listed(C.ACCESS, 0, 3, 10, 102, 104, 190, 131005),
    **_listed(C.ACCOUNT, 33, 368, 131031, 131037, 131042, 131045, 131063, 133000, 133005, 133006),
    **_listed(C.ACCOUNT, 133010, 134011, 134102, 136025, 2388019),
    **_listed(C.LATER, 131048, 131049, 131064, 132069, 133008, 133009, 133015, 133016, 134101),
    **_listed(C.LATER, 2494100),
}
# Source: Twilio, "Error and warning dictionary".
TWILIO_CODES: dict[int, ErrorClass] = {
    **_listed(C.BUSY, 30008, 63012, 63023),
    **_listed(C.NUMBER_THROTTLED, 63018),
    **_listed(C.ACCOUNT_THROTTLED, 20429),
    **_listed(C.WINDOW, 63016),
    **_listed(C.RECIPIENT, 21211, 21408, 21610, 21614, 63003, 63015, 63024, 63032, 63033),
    **_listed(C.REQUEST, 21617, 21619, 63005, 63021),
    **_listed(C.TEMPLATE, 21656, 63027, 63028, 63029, 63030, 63040, 63041, 63042),
    **_listed(C.MEDIA, 21620, 63019, 63025),
    **_listed(C.ACCESS, 20003),
    **_listed(C.ACCOUNT, 20404, 63007, 63013, 63017, 63020, 63022, 63051),
    **_listed(C.LATER, 63038, 63049),
}
# WAHA has no codes of its own, so its statuses stand for them. 404 is a session it does not know,
# 422 one that is not working just now: it starts, or waits for its phone.
HTTP_CODES: dict[int, ErrorClass] = {
    **_listed(C.REQUEST, 400),
    **_listed(C.ACCESS, 401, 403),
    **_listed(C.ACCOUNT, 404),
    **_listed(C.MEDIA, 413, 415),
    **_listed(C.BUSY, 422),
    **_listed(C.NUMBER_THROTTLED, 429),
}
# No code is in two of them, so a code alone says enough, wherever it is shown.
TABLES = (CODES, TWILIO_CODES, HTTP_CODES)
CODE_RANGES: tuple[tuple[range, ErrorClass], ...] = (
    (range(200, 300), C.ACCESS),
    (range(138000, 138019), C.ACCOUNT),
    (range(147001, 147006), C.ACCOUNT),
)

REMEDIES: dict[ErrorClass, Remedy] = {
    C.BUSY: Remedy.RETRY,
    C.NETWORK: Remedy.RETRY,
    C.NUMBER_THROTTLED: Remedy.WAIT,
    C.ACCOUNT_THROTTLED: Remedy.WAIT,
    C.PAIR_THROTTLED: Remedy.WAIT,
    C.LATER: Remedy.WAIT,
    C.UNCONFIRMED: Remedy.REVIEW,
    C.ACCESS: Remedy.RECONNECT,
    C.ACCOUNT: Remedy.RECONNECT,
    C.TEMPLATE: Remedy.TEMPLATE_FIX,
    C.WINDOW: Remedy.WINDOW_CLOSED,
    C.RECIPIENT: Remedy.PERMANENT,
    C.REQUEST: Remedy.PERMANENT,
    C.MEDIA: Remedy.PERMANENT,
    C.OURS: Remedy.PERMANENT,
    C.UNLISTED: Remedy.PERMANENT,
}

THROTTLES = frozenset({C.NUMBER_THROTTLED, C.ACCOUNT_THROTTLED, C.PAIR_THROTTLED})


def class_of(code: int) -> ErrorClass:
    """The class of a code of any provider."""
    for table in TABLES:
        if code in table:
            return table[code]
    for codes, error_class in CODE_RANGES:
        if code in codes:
            return error_class
    return ErrorClass.UNLISTED
