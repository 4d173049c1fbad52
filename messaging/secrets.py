"""Connection secrets at rest: Fernet with rotating keys, bound to the row they belong to.

`FIELD_ENCRYPTION_KEYS` lists keys, newest first: the first encrypts, all decrypt, so a key is
rotated by putting a new one in front and saving every connection once.
"""

from __future__ import annotations

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretsUnreadable(Exception):
    """No key in FIELD_ENCRYPTION_KEYS opens this row, or the row holds another one's secrets."""


class ConnectionSecrets(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a provider and we know of each other. Two app secrets are live during rotation."""

    app_secret: str = ""
    previous_app_secret: str = ""
    verify_token: str = ""
    access_token: str = ""
    auth_token: str = ""  # Twilio: signs webhooks and opens the API
    hmac_key: str = ""  # WAHA: signs webhooks
    api_key: str = ""  # WAHA: opens the API and its files

    def __repr__(self) -> str:
        return "ConnectionSecrets(…)"


class _Envelope(msgspec.Struct, frozen=True):
    purpose: str
    secrets: ConnectionSecrets


def seal(secrets: ConnectionSecrets, *, purpose: str) -> str:
    """Encrypt `secrets` for the row that `purpose` names."""
    plain = msgspec.json.encode(_Envelope(purpose=purpose, secrets=secrets))
    return _keys().encrypt(plain).decode()


def unseal(sealed: str, *, purpose: str) -> ConnectionSecrets:
    """Decrypt what `seal` made for the same purpose. Raises SecretsUnreadable."""
    if not sealed:
        return ConnectionSecrets()
    try:
        envelope = msgspec.json.decode(_keys().decrypt(sealed.encode()), type=_Envelope)
    except (InvalidToken, msgspec.DecodeError) as error:
        raise SecretsUnreadable(purpose) from error
    if envelope.purpose != purpose:
        raise SecretsUnreadable(purpose)
    return envelope.secrets


def _keys() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
