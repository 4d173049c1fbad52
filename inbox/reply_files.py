"""What the composer's form says beside text: a file, a place, a reaction, files chosen in it.

A browser with JavaScript sends one form for each file, with the number of its upload. Without, the
files come with the form, and each becomes a message of its own, in their order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox import form_files
from inbox.refusals import Invalid, ReadOnly
from inbox.replies import send_reply
from inbox.reply_content import KEYS, LONGEST_ID, WORDS, Reply, content_of
from messaging.media_failures import NotFetched
from outbound import uploads

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from messaging.models import Membership, Message
    from outbound.models import Upload

MOST_FILES = 10
LONGEST_CAPTION = 1024  # Source: Cloud API, "Image messages › caption".


def described(fields: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Kind and content of a checked ReplyForm; without either it is text."""
    kind = fields.get("kind") or "text"
    upload = fields.get("upload")
    if upload:
        return kind, {KEYS.get(kind, kind): {"upload": upload}}
    return kind, content_of(kind, fields.get("content"))


def send(
    membership: Membership,
    conversation_id: int,
    reply: Reply,
    files: Sequence[UploadedFile[bytes]],
) -> tuple[Message, bool]:
    """Send `reply`, or with files a message for each: the text is the first one's caption where
    its kind has one, else a message before them.

    The last message, and whether it is new. Raises what `send_reply` raises; what was sent before
    the refused one stays sent.
    """
    if not files:
        return send_reply(membership, conversation_id, reply)
    if not membership.replies:
        raise ReadOnly
    found = [_keep(membership, file) for file in files[:MOST_FILES]]
    sent = [send_reply(membership, conversation_id, each) for each in _split(reply, found)]
    return sent[-1]


def _split(reply: Reply, found: Sequence[Upload]) -> Iterator[Reply]:
    text = reply.text
    if text.strip() and not _takes(found[0].kind, text):
        yield reply
        text = ""
    for number, upload in enumerate(found):
        yield replace(
            reply,
            client_message_id=f"{reply.client_message_id[: LONGEST_ID - 4]}.f{number}",
            kind=upload.kind,
            content={KEYS.get(upload.kind, upload.kind): {"upload": upload.pk}},
            text="" if number else text,
            reply_to=None if number else reply.reply_to,
        )


def _takes(kind: str, text: str) -> bool:
    return kind in WORDS and len(text) <= LONGEST_CAPTION


def _keep(membership: Membership, file: UploadedFile[bytes]) -> Upload:
    try:
        return form_files.keep(membership, file)
    except (uploads.Refused, NotFetched) as refusal:
        raise Invalid({"file": [f"{file.name}: {_(refusal.sentence)}"]}) from refusal
