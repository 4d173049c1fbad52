"""Files: what is said of them beside the file itself, which has its own checks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from messaging.providers.cloud.checks.paths import Found, too_long
from messaging.providers.cloud.checks.simple import no_words

LONGEST_CAPTION = 1024
LONGEST_NAME = 240
LONGEST_ID = 255
# The platform's own id, an address in the web, or a file that was given to us before.
WHERE = frozenset({"id", "link", "upload"})


def check_image(found: Found, text: str, body: Any) -> None:
    """Source: "Image messages": a caption of 1,024 characters."""
    _caption(found, text)
    _file(found, "content.image", body, WHERE)


def check_video(found: Found, text: str, body: Any) -> None:
    """Source: "Video messages"."""
    _caption(found, text)
    _file(found, "content.video", body, WHERE)


def check_document(found: Found, text: str, body: Any) -> None:
    """Source: "Document messages"."""
    _caption(found, text)
    path = "content.document"
    given = _file(found, path, body, WHERE | {"filename"})
    found.words(f"{path}.filename", given.get("filename"), most=LONGEST_NAME, may_lack=True)


def check_audio(found: Found, text: str, body: Any) -> None:
    """Source: "Audio messages"; voice notes are audio that says so."""
    no_words(found, text)
    given = _file(found, "content.audio", body, WHERE | {"voice"})
    found.flag("content.audio.voice", given.get("voice"))


def check_sticker(found: Found, text: str, body: Any) -> None:
    """Source: "Sticker messages"."""
    no_words(found, text)
    _file(found, "content.sticker", body, WHERE)


def check_source(found: Found, path: str, given: dict[str, Any], known: frozenset[str]) -> None:
    """Where the file is: exactly one of `known`."""
    if given.get("id") is not None:
        found.words(f"{path}.id", given["id"], most=LONGEST_ID)
    if given.get("link") is not None:
        found.address(f"{path}.link", given["link"])
    upload = given.get("upload")
    if upload is not None and (isinstance(upload, bool) or not isinstance(upload, int)):
        found.add(f"{path}.upload", _("This must be the number of an upload."))
    if sum(given.get(name) is not None for name in known) != 1:
        found.add(path, _("Give one of: %(known)s.") % {"known": ", ".join(sorted(known))})


def _file(found: Found, path: str, body: Any, known: frozenset[str]) -> dict[str, Any]:
    given = found.object(path, body, known)
    if given is None:
        return {}
    check_source(found, path, given, WHERE)
    return given


def _caption(found: Found, text: str) -> None:
    if len(text) > LONGEST_CAPTION:
        found.add("text", too_long(text, LONGEST_CAPTION))
