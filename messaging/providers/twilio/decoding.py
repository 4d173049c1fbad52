"""Twilio webhook bodies → items; pure. It and `content` are all that know Twilio's fields.

Source: Twilio, "Messaging › Webhook request" and "WhatsApp › Key concepts". Fields appear without
notice, so unknown ones are kept. Twilio gives no time of a message, so there is none.
"""

from __future__ import annotations

from messaging.items import (
    Amendment,
    Ignored,
    InboundMessage,
    Item,
    Malformed,
    Party,
    StatusUpdate,
)
from messaging.providers.cloud.people import identity
from messaging.providers.twilio.content import Fields, describe
from messaging.providers.twilio.form import pairs
from messaging.providers.values import Undecodable, clean, parse, text

PREFIX = "whatsapp:"
MOST_ID = 255
MOST_NAME = 200
STATUS_FIELDS = ("MessageStatus", "SmsStatus")
# What comes with a customer's message; a word that we know of our own messages says more.
INBOUND_FIELDS = frozenset({"MessageType", "NumMedia", "Body"})
INBOUND_WORDS = frozenset({"received", "receiving"})
OUTBOUND_WORDS = frozenset(
    [
        "queued",
        "accepted",
        "scheduled",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "read",
        "canceled",
    ]
)
# Twilio's words for what the ladder knows under another one; all others are kept as they are.
STATUSES = {"undelivered": "failed", "canceled": "failed"}
# What Twilio's own opt-out management took a message for; HELP asks for nothing of us.
WISHES = {"STOP": "stop", "START": "start"}
CANCELED = "Canceled before it was sent"


def decode(body: bytes, *, now: float) -> list[Item]:
    """The item of a body. `now` is for providers whose times can be absurd."""
    del now
    fields = _fields(body)
    return [_item(fields) if fields else Ignored(kind="unknown", reason="empty")]


def _fields(body: bytes) -> Fields:
    """The fields of a form, or of a JSON object; of a repeated one the first."""
    if body.lstrip().startswith(b"{"):
        try:
            document = parse(body)
        except Undecodable:
            document = None
        if isinstance(document, dict):
            return {name: text(value) for name, value in document.items()}
    fields: Fields = {}
    for name, value in pairs(body):
        key = _text(name)
        if key.strip():
            fields.setdefault(key, _text(value))
    return fields


def _text(value: bytes) -> str:
    return str(clean(value.decode("utf-8", "replace")))


def _item(fields: Fields) -> Item:
    is_status = _is_status(fields)
    kind = "status" if is_status else "message"
    sids = (fields.get(name, "") for name in ("MessageSid", "SmsSid", "SmsMessageSid"))
    sid = next((sid for sid in sids if sid), "")
    if not sid or len(sid) > MOST_ID:
        return Malformed(kind=kind, reason=f"the {kind} has no usable MessageSid", payload=fields)
    if not _is_whatsapp(fields):
        return Ignored(kind=kind, reason="not a WhatsApp address, so it is no WhatsApp message")
    if not _channel(fields.get("From" if is_status else "To", "")):
        return Malformed(kind=kind, reason="no address says whom it is for", payload=fields)
    return _status(fields, sid) if is_status else _message(fields, sid)


def _is_status(fields: Fields) -> bool:
    word, sms_word = (fields.get(name, "").strip().lower() for name in STATUS_FIELDS)
    if {word, sms_word} & INBOUND_WORDS:
        return False
    if word in OUTBOUND_WORDS:
        return True
    return bool(word or sms_word) and not INBOUND_FIELDS & fields.keys()


def _is_whatsapp(fields: Fields) -> bool:
    """An SMS has plain numbers. Without any address it is not for us to say."""
    given = [fields[name].strip().lower() for name in ("From", "To") if fields.get(name)]
    return not given or any(address.startswith(PREFIX) for address in given)


def _message(fields: Fields, sid: str) -> Item:
    channel = _channel(fields["To"])
    reply_to = fields.get("OriginalRepliedMessageSid", "")[:MOST_ID]
    if fields.get("MessageType", "").strip().lower() == "reaction" and reply_to:
        return Amendment(
            kind="reaction",
            channel=channel,
            channel_number=_digits(channel)[:40],
            provider_id=sid,
            targets=(reply_to,),
            party=_party(fields),
            at=None,
            emoji=fields.get("Body", "")[:64],
        )
    described = describe(fields)
    return InboundMessage(
        channel=channel,
        channel_number=_digits(channel)[:40],
        provider_id=sid,
        party=_party(fields),
        at=None,
        kind=described.kind,
        text=described.text,
        content=described.content,
        reply_to=reply_to,
        media=described.media,
        wish=WISHES.get(fields.get("OptOutType", "").strip().upper(), ""),
    )


def _status(fields: Fields, sid: str) -> StatusUpdate:
    channel = _channel(fields["From"])
    word = (fields.get("MessageStatus") or fields.get("SmsStatus", "")).strip().lower()
    is_canceled = word == "canceled"
    return StatusUpdate(
        channel=channel,
        channel_number=_digits(channel)[:40],
        provider_id=sid,
        status=STATUSES.get(word, word[:20]) or "unknown",
        at=None,
        error_code=fields.get("ErrorCode", "")[:20] or ("canceled" if is_canceled else ""),
        error_title=fields.get("ErrorMessage", "") or (CANCELED if is_canceled else ""),
    )


def _party(fields: Fields) -> Party:
    names = ("From", "WaId", "ExternalUserId", "ParentExternalUserId")
    found = [each for name in names if (each := identity(_bare(fields.get(name, ""))))]
    return Party(
        identities=tuple(dict.fromkeys(found)),
        name=fields.get("ProfileName", "")[:MOST_NAME],
        username=(fields.get("ProfileUsername") or fields.get("Username", ""))[:MOST_NAME],
    )


def _channel(address: str) -> str:
    """The digits of one of our numbers; whatever else it may be, as it is."""
    bare = _bare(address)
    return (_digits(bare) or bare)[:120]


def _bare(address: str) -> str:
    """Without the prefix, which ids have sometimes, and in whatever case."""
    address = address.strip()
    return address[len(PREFIX) :].strip() if address.lower().startswith(PREFIX) else address


def _digits(value: str) -> str:
    digits = value.removeprefix("+")
    return digits if digits.isascii() and digits.isdigit() else ""
