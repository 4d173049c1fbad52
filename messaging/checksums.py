"""Checksums as providers write them; pure."""

from __future__ import annotations

import base64
import binascii

SHA256_BYTES = 32


def sha256_hex(declared: str) -> str:
    """A declared SHA-256, in hex or base64, as lower-case hex.

    "" for anything else: some messages carry placeholders, which prove nothing.
    """
    text = declared.strip()
    try:
        if len(text) == 2 * SHA256_BYTES:
            return bytes.fromhex(text).hex()
        standard = text.replace("-", "+").replace("_", "/").rstrip("=")
        raw = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (ValueError, binascii.Error):
        return ""
    return raw.hex() if len(raw) == SHA256_BYTES else ""
