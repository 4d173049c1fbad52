"""Graph's errors: their texts, their HTTP statuses, and their two JSON shapes.

Source: Cloud API reference, "Error codes". The same code may come as the answer to a
call or, later, inside a `failed` status.
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

DOCUMENTATION = "/documentation/business-messaging/whatsapp/support/error-codes"


class Text(NamedTuple):
    """What Graph says about one code."""

    title: str
    details: str
    http_status: int = 400


TEXTS = {
    0: Text("AuthException", "Unable to authenticate the app user.", 401),
    1: Text("API Unknown", "Invalid request or possible server error."),
    2: Text("API Service", "Temporary due to downtime or being overloaded.", 503),
    4: Text("API Too Many Calls", "The app has reached its API call rate limit."),
    10: Text("API Permission Denied", "Permission is either not granted or removed.", 403),
    100: Text("Invalid parameter", "One or more parameters are unsupported or misspelled."),
    190: Text(
        "Error validating access token: Session has expired.", "Access token has expired.", 401
    ),
    368: Text("Temporarily blocked for policies violations", "The account is restricted.", 403),
    2500: Text("Unknown path components", "The path does not name anything."),
    130429: Text("Rate limit hit", "Cloud API message throughput has been reached."),
    130472: Text(
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment",
    ),
    131000: Text("Something went wrong", "Message failed to send due to an unknown error.", 500),
    131005: Text("Access denied", "Permission is either not granted or removed.", 403),
    131008: Text("Required parameter is missing", "The request is missing a required parameter."),
    131009: Text("Parameter value is not valid", "One or more parameter values are invalid."),
    131016: Text("Service unavailable", "A service is temporarily unavailable.", 500),
    131021: Text("Recipient cannot be sender", "Sender and recipient phone number is the same."),
    131026: Text("Message undeliverable", "Unable to deliver message."),
    131031: Text("Account has been locked", "The account has been restricted or disabled.", 403),
    131042: Text("Business eligibility payment issue", "There was an error with the payment."),
    131047: Text(
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last "
        "replied to this number.",
    ),
    131048: Text("Spam rate limit hit", "Message failed to send: too many were marked as spam."),
    131049: Text(
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
    ),
    131051: Text("Unsupported message type", "The message type is not supported."),
    131053: Text("Media upload error", "Unable to upload the media used in the message."),
    131056: Text(
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages sent from this phone number to the same phone number in a short time.",
    ),
    132000: Text(
        "Number of parameters does not match the expected number of params",
        "The number of parameters is not what the template has.",
    ),
    132001: Text(
        "Template name does not exist in the translation",
        "The template does not exist in that language, or has not been approved.",
        404,
    ),
    132005: Text("Translated text too long", "The filled template is too long."),
    132012: Text("Parameter format does not match format in the created template", "Mismatch."),
    132015: Text("Template is Paused", "The template is paused due to low quality."),
    132016: Text("Template is Disabled", "The template was paused too often, and is disabled."),
    132018: Text("Parameter text is invalid", "A parameter holds what it must not."),
    131057: Text("Account in maintenance mode", "The business account is in maintenance.", 500),
}
UNKNOWN = Text("Unknown error", "The platform gave no details.")
PLAIN = frozenset({0, 190})  # codes whose message carries no "(#code)" and no details


class GraphError(Exception):
    """A call refused, as Graph would say it; `details` replaces the usual ones."""

    def __init__(
        self,
        code: int,
        details: str | None = None,
        *,
        message: str | None = None,
        subcode: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.message = message
        self.subcode = subcode

    @property
    def http_status(self) -> int:
        return text_of(self.code).http_status

    def body(self) -> dict[str, object]:
        """The JSON body of the answer."""
        text = text_of(self.code)
        plain = self.code in PLAIN
        message = self.message or (text.title if plain else f"(#{self.code}) {text.title}")
        error: dict[str, object] = {
            "message": message,
            "type": "OAuthException",
            "code": self.code,
        }
        if not plain:
            details = self.details or text.details
            error["error_data"] = {"messaging_product": "whatsapp", "details": details}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        error["fbtrace_id"] = new_trace_id()
        return {"error": error}


def text_of(code: int) -> Text:
    return TEXTS.get(code, UNKNOWN)


def status_error(code: int) -> dict[str, object]:
    """The same error as it stands in `statuses[].errors[]`."""
    text = text_of(code)
    return {
        "code": code,
        "title": text.title,
        "message": text.title,
        "error_data": {"details": text.details},
        "href": DOCUMENTATION,
    }


def new_trace_id() -> str:
    return "A" + secrets.token_urlsafe(16)
