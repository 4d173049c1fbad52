"""Providers: each folder owns its signature, decoding, encoding and client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from messaging.items import Item
from messaging.providers.calls import SignedCall
from messaging.providers.cloud import decoding as cloud_decoding
from messaging.providers.cloud import sending as cloud_sending
from messaging.providers.cloud import signature as cloud_signature
from messaging.providers.sending import Sending
from messaging.providers.twilio import decoding as twilio_decoding
from messaging.providers.twilio import sending as twilio_sending
from messaging.providers.twilio import signature as twilio_signature
from messaging.providers.waha import decoding as waha_decoding
from messaging.providers.waha import sending as waha_sending
from messaging.providers.waha import signature as waha_signature
from messaging.secrets import ConnectionSecrets

Decode = Callable[..., list[Item]]
Prove = Callable[[SignedCall, ConnectionSecrets], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How webhooks of one kind of connection are proven genuine and read, and how it sends.

    `decode(body, *, now)` yields items; `kept_headers` are stored with a delivery.
    """

    decode: Decode
    is_genuine: Prove
    kept_headers: frozenset[str]
    sending: Sending | None = None


def has_window(kind: str) -> bool:
    """Whether free messages through such a connection must keep to the customer's window."""
    sending = PROVIDERS[kind].sending
    return sending is None or sending.capabilities.has_window


def _cloud(call: SignedCall, secrets: ConnectionSecrets) -> bool:
    return cloud_signature.is_genuine(call, (secrets.app_secret, secrets.previous_app_secret))


def _twilio(call: SignedCall, secrets: ConnectionSecrets) -> bool:
    return twilio_signature.is_genuine(call, secrets.auth_token)


def _waha(call: SignedCall, secrets: ConnectionSecrets) -> bool:
    return waha_signature.is_genuine(call, secrets.hmac_key)


PROVIDERS: dict[str, Provider] = {
    "cloud": Provider(
        decode=cloud_decoding.decode,
        is_genuine=_cloud,
        kept_headers=frozenset({cloud_signature.HEADER}),
        sending=cloud_sending.SENDING,
    ),
    "twilio": Provider(
        decode=twilio_decoding.decode,
        is_genuine=_twilio,
        kept_headers=frozenset({twilio_signature.HEADER, "i-twilio-idempotency-token"}),
        sending=twilio_sending.SENDING,
    ),
    "waha": Provider(
        decode=waha_decoding.decode,
        is_genuine=_waha,
        kept_headers=frozenset(
            {waha_signature.HEADER, "x-webhook-request-id", "x-webhook-timestamp"}
        ),
        sending=waha_sending.SENDING,
    ),
}
