"""Where the Cloud API keeps a file.

An id lives for days, the address that it resolves to for five minutes, and the one in a webhook
is as old as the webhook: so the id is resolved anew on every try.
Source: Cloud API reference, "Media › Retrieve media URL" and "Download media".
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from messaging.media_failures import NotFetched
from messaging.providers.files import Ask, FileAddress, FileReference
from messaging.providers.values import mapping, text

# Whoever stands here gets the token.
HOSTS = ("lookaside.fbsbx.com", ".fbcdn.net", ".whatsapp.net")


async def locate(reference: FileReference, ask: Ask) -> FileAddress:
    """The file's address, asked of Graph. Raises NotFetched."""
    if not reference.provider_id:
        raise NotFetched("no_address")
    headers = {"Authorization": f"Bearer {reference.secrets.access_token}"}
    query = urlencode({"phone_number_id": reference.channel})
    media_id = quote(reference.provider_id, safe="")
    status, answer = await ask(
        f"{reference.base_url}/{reference.api_version}/{media_id}?{query}", headers
    )
    found = mapping(answer)
    url = text(found.get("url"))
    if status != 200 or not url:
        raise NotFetched(_code(status, mapping(found.get("error"))))
    size = text(found.get("file_size"))
    return FileAddress(
        url=url,
        headers=headers,
        hosts=HOSTS,
        sha256=text(found.get("sha256")),
        size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None,
    )


def _code(status: int, error: dict[str, object]) -> str:
    """Graph answers 400 to most things; its own code says what it means."""
    code = text(error.get("code"))
    if status in (401, 403) or code in ("190", "10", "200"):
        return "unauthorized"
    return "not_found" if status == 404 or code == "100" else "provider_error"
