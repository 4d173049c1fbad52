"""The cast of the demo: the shop's numbers, its customers and its secrets.

The demo's seed and the simulator both read them here, so that they agree.
Every person and number is fictitious.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoChannel:
    """One WhatsApp number of the shop; `number` is digits without plus."""

    phone_number_id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCustomer:
    """A person with a phone; `phone` is None for one who shows only a username.

    `tint` is the colour of their avatar on the phone page.
    """

    name: str
    phone: str | None
    user_id: str
    tint: int
    username: str | None = None


SLUG = "demo"
APP_SECRET = "demo-app-secret"  # noqa: S105  (the demo's secret is public)
VERIFY_TOKEN = "demo-verify-token"  # noqa: S105
ACCESS_TOKEN = "demo-access-token"  # noqa: S105
TWILIO_ACCOUNT_ID = "ACdemo"
TWILIO_AUTH_TOKEN = "demo-auth-token"  # noqa: S105
WAHA_HMAC_KEY = "demo-hmac-key"
WABA_ID = "102290129340398"
API_VERSION = "v24.0"
WEBHOOK_URL = f"http://127.0.0.1:8001/webhooks/cloud/{SLUG}/"

CHANNELS = (
    DemoChannel(
        phone_number_id="106540352242922",
        number="351210000001",
        name="Padaria Amendoeira",
    ),
    DemoChannel(
        phone_number_id="106540352242923",
        number="351210000002",
        name="Padaria Amendoeira, Porto",
    ),
)

CARLA = DemoCustomer(
    name="Carla Mendonça",
    phone="351910000042",
    user_id="PT.90311846220577104463",
    tint=1,
)
YUSUF = DemoCustomer(
    name="يوسف الحداد",
    phone="971550000142",
    user_id="AE.44270915638802276150",
    tint=4,
)
SOFIA = DemoCustomer(
    name="@sofia.k",
    phone=None,
    user_id="PT.13491208655302741918",
    tint=6,
    username="sofia.k",
)
CUSTOMERS = (CARLA, YUSUF, SOFIA)
