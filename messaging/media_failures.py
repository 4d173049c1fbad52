"""Why a file is not here: one code and one sentence each; pure but for marking translations."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

SENTENCES = {
    "not_found": _("The provider has no such file, or no longer has it."),
    "unauthorized": _("The provider refused our access; check the connection's token."),
    "provider_error": _("The provider could not hand the file over."),
    "unreachable": _("The provider could not be reached."),
    "interrupted": _("The transfer broke off or took too long."),
    "redirected": _("The provider sent us on to another address, which is not allowed."),
    "refused_address": _("The file is at an address that is not trusted."),
    "no_address": _("Neither the message nor the connection says where the file is."),
    "too_large": _("The file is larger than files of its kind may be."),
    "empty": _("The file is empty."),
    "wrong_checksum": _("The file is not the one that was announced: its checksum differs."),
    "wrong_type": _("The file is a web page or script in disguise, not what was announced."),
    "not_written": _("The file could not be written to our storage."),
    "secrets_unreadable": _("The connection's secrets cannot be opened; check the keys."),
    "abandoned": _("The process that fetched the file ended again and again."),
    "broken": _("Fetching the file failed inside the inbox."),
    "not_offered": _("WhatsApp did not offer the file."),
}

# Another try would end the same way.
FINAL = frozenset({"refused_address", "no_address", "too_large", "abandoned"})


class NotFetched(Exception):
    """A try to fetch a file failed; `code` is a key of SENTENCES."""

    def __init__(self, code: str, *, stack: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.stack = stack

    @property
    def is_final(self) -> bool:
        """Whether trying again by itself is pointless."""
        return self.code in FINAL

    @property
    def sentence(self) -> str:
        """The reason in English, as it is stored; screens translate it."""
        return SENTENCES[self.code]
