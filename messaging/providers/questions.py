"""The harmless question that shows whether a provider takes our credentials; pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from messaging.providers.values import mapping, text

GRAPH_FIELDS = "display_phone_number,verified_name,quality_rating"
TWILIO_URL = "https://api.twilio.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is asked for: our account, one address of it, and what opens it."""

    base_url: str
    api_version: str
    account_id: str
    address: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A GET that changes nothing."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


def of_cloud(account: Account) -> Question:
    """A number's own data, or the account's where no number is known yet.

    Source: Graph API, "WhatsApp Business Phone Number".
    """
    node, fields = (account.address, GRAPH_FIELDS) if account.address else ("", "id,name")
    return Question(
        url=f"{account.base_url}/{account.api_version}/{node or account.account_id or 'me'}"
        f"?fields={fields}",
        headers={"Authorization": f"Bearer {account.token}"},
    )


def of_twilio(account: Account) -> Question:
    """The account. Source: Twilio, "Accounts resource"."""
    pair = base64.b64encode(f"{account.account_id}:{account.token}".encode()).decode()
    base = account.base_url or TWILIO_URL
    return Question(
        url=f"{base}/2010-04-01/Accounts/{account.account_id}.json",
        headers={"Authorization": f"Basic {pair}"},
    )


def of_waha(account: Account) -> Question:
    """The session, which must be working. Source: WAHA, "Sessions"."""
    return Question(
        url=f"{account.base_url}/api/sessions/{account.address or 'default'}",
        headers={"X-Api-Key": account.token},
    )


ASK = {"cloud": of_cloud, "twilio": of_twilio, "waha": of_waha}


def name_in(kind: str, answer: Any) -> str:
    """What the account calls itself, for a person to recognise it."""
    found = mapping(answer)
    keys = {
        "cloud": ("verified_name", "display_phone_number", "name", "id"),
        "twilio": ("friendly_name", "sid"),
        "waha": ("status", "name"),
    }[kind]
    return ", ".join(value for key in keys if (value := text(found.get(key), most=100)))


def complaint_in(answer: Any) -> str:
    """The provider's own words on why not, wherever it puts them."""
    found = mapping(answer)
    inner = mapping(found.get("error"))
    said = inner.get("message") or found.get("message") or found.get("error")
    return text(said, most=300)
