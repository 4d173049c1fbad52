"""Kind, text, content and files of one WhatsApp message from Twilio; pure.

Content is given under the Cloud API's names. Addresses of files are no part of it: they are
fetched by us, and content is shown to browsers.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

from messaging.items import MediaReference

Fields = dict[str, str]

FILES = ("image", "video", "audio", "document", "sticker")
MOST_FILES = 10
REFERRAL = {
    "source_url": "ReferralSourceUrl",
    "source_id": "ReferralSourceId",
    "source_type": "ReferralSourceType",
    "headline": "ReferralHeadline",
    "body": "ReferralBody",
    "ctwa_clid": "ReferralCtwaClid",
}
FLAGS = {"forwarded": "Forwarded", "frequently_forwarded": "FrequentlyForwarded"}


class Described(msgspec.Struct, frozen=True):
    """What a message is: `text` is its body, caption or the title that was pressed."""

    kind: str
    text: str
    content: dict[str, Any]
    media: tuple[MediaReference, ...] = ()


def describe(fields: Fields) -> Described:
    """What came; a type we do not know is kept as `unsupported` with every field."""
    kind = _kind(fields)
    body = fields.get("Body", "")
    read = READERS.get(kind)
    own = read(fields) if read else {kind: _file(kind, fields)} if kind in FILES else {}
    if kind == "unsupported":
        own = dict(fields)
    return Described(
        kind=kind,
        text="" if kind == "document" else _title(kind, fields) or body,
        content={**own, **_companions(fields)},
        media=_media(kind, fields),
    )


def _kind(fields: Fields) -> str:
    """A pressed template button comes as `interactive`, so what is there decides first."""
    name = fields.get("MessageType", "").strip().lower()
    if name in ("interactive", "button", ""):
        if fields.get("ButtonText") or fields.get("ButtonPayload"):
            return "button"
        if _is_list(fields) or _flow(fields):
            return "interactive"
    if not name:
        return _inferred(fields)
    return name if name in (*FILES, *READERS, "text") else "unsupported"


def _inferred(fields: Fields) -> str:
    if fields.get("Latitude"):
        return "location"
    urls = _file_numbers(fields)
    return _kind_of_file(fields.get(f"MediaContentType{urls[0]}", "")) if urls else "text"


def _kind_of_file(mime_type: str) -> str:
    mime = mime_type.partition(";")[0].strip().lower()
    if mime in ("text/vcard", "text/x-vcard"):
        return "contacts"
    if mime == "image/webp":
        return "sticker"
    family = mime.partition("/")[0]
    return family if family in ("image", "video", "audio") else "document"


def _is_list(fields: Fields) -> bool:
    return bool(fields.get("ListId") or fields.get("ListTitle"))


def _flow(fields: Fields) -> str:
    return fields.get("FlowData") or fields.get("InteractiveData") or ""


def _title(kind: str, fields: Fields) -> str:
    if kind == "button":
        return fields.get("ButtonText", "")
    return fields.get("ListTitle", "") if kind == "interactive" else ""


def _location(fields: Fields) -> dict[str, Any]:
    place: dict[str, Any] = {}
    for name in ("latitude", "longitude"):
        number = _number(fields.get(name.capitalize(), ""))
        if number is not None:
            place[name] = number
    place.update(_given(fields, {"name": "Label", "address": "Address"}))
    return {"location": place}


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _button(fields: Fields) -> dict[str, Any]:
    payload = fields.get("ButtonPayload", "")
    return {"button": {"text": fields.get("ButtonText", ""), "payload": payload}}


def _interactive(fields: Fields) -> dict[str, Any]:
    if _is_list(fields):
        names = {"id": "ListId", "title": "ListTitle", "description": "ListDescription"}
        reply = _given(fields, names)
        return {"interactive": {"type": "list_reply", "list_reply": reply}}
    if not (flow := _flow(fields)):
        return {"interactive": {}}
    answer = {"name": "flow", "body": fields.get("Body", ""), "response_json": flow}
    if fields.get("FlowData"):
        answer.update(_given(fields, {"interactive_data": "InteractiveData"}))
    return {"interactive": {"type": "nfm_reply", "nfm_reply": answer}}


def _contacts(fields: Fields) -> dict[str, Any]:
    """The cards themselves are files."""
    name = fields.get("Body", "")
    return {"contacts": [{"name": {"formatted_name": name}}] if name else []}


READERS = {
    "location": _location,
    "button": _button,
    "interactive": _interactive,
    "contacts": _contacts,
}


def _file(kind: str, fields: Fields) -> dict[str, str]:
    """Twilio puts a document's file name where the caption of others is."""
    name = "filename" if kind == "document" else "caption"
    return _given(fields, {"mime_type": "MediaContentType0", name: "Body"})


def _media(kind: str, fields: Fields) -> tuple[MediaReference, ...]:
    references = []
    for number in _file_numbers(fields):
        mime_type = fields.get(f"MediaContentType{number}", "")
        reference = MediaReference(
            kind=kind if kind in FILES else _kind_of_file(mime_type),
            url=fields[f"MediaUrl{number}"],
            mime_type=mime_type,
            filename=fields.get("Body", "") if kind == "document" else "",
        )
        references.append(reference)
    if not references and (kind in FILES or _is_announced(fields)):
        reason = "Twilio did not say where the file is."
        references.append(MediaReference(kind=kind if kind in FILES else "document", error=reason))
    return tuple(references)


def _file_numbers(fields: Fields) -> list[int]:
    """Files that have an address; what is there counts, not what `NumMedia` says."""
    return [number for number in range(MOST_FILES) if fields.get(f"MediaUrl{number}")]


def _is_announced(fields: Fields) -> bool:
    count = fields.get("NumMedia", "").strip()
    return count.isdecimal() and count.strip("0") != ""


def _companions(fields: Fields) -> dict[str, Any]:
    """What may come with a message of any kind: the advertisement, and that it was forwarded."""
    found: dict[str, Any] = {}
    if referral := _referral(fields):
        found["referral"] = referral
    context = {ours: True for ours, name in FLAGS.items() if fields.get(name, "").lower() == "true"}
    if context:
        found["context"] = context
    return found


def _referral(fields: Fields) -> dict[str, str]:
    referral = _given(fields, REFERRAL)
    if url := fields.get("ReferralMediaUrl"):
        family = fields.get("ReferralMediaContentType", "").partition("/")[0].lower()
        if family in ("image", "video"):
            referral["media_type"] = family
        referral[f"{family if family == 'video' else 'image'}_url"] = url
    return referral


def _given(fields: Fields, names: dict[str, str]) -> dict[str, str]:
    """Twilio's fields under our names; those that are blank are left out."""
    return {ours: fields[name] for ours, name in names.items() if fields.get(name)}
