"""Files of Twilio and WAHA: their credentials reach them and nobody else."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from messaging import downloads
from messaging.models import Media
from messaging.secrets import ConnectionSecrets
from tests import factories
from tests.messaging import samples
from tests.messaging.origin import Origin, redirect, running_origin

pytestmark = pytest.mark.django_db
PHOTO = samples.picture()


@pytest.fixture(autouse=True)
def _folder(media_root: Path) -> None:
    """Every test has its own."""


@pytest.fixture
def file_at(origin: Origin):
    """A file that waits at a provider of that kind, named by an address."""

    def make(kind: str, url: str) -> Media:
        connection = factories.ConnectionFactory(
            kind=kind,
            account_id="ACdemo",
            base_url=origin.base_url,
            secrets=ConnectionSecrets(auth_token="auth-token", api_key="api-key"),
        )
        channel = factories.ChannelFactory(connection=connection)
        message = factories.MessageFactory(conversation__channel=channel, kind="image")
        origin.put("777", PHOTO)
        return factories.MediaFactory(message=message, provider_id="", url=url)

    return make


def fetched(media: Media) -> Media:
    downloads.fetch_due()
    media.refresh_from_db()
    return media


def test_twilio_gets_the_accounts_credentials(file_at, origin) -> None:
    media = fetched(file_at("twilio", f"{origin.base_url}/files/777"))

    assert media.state == "stored"
    basic = base64.b64encode(b"ACdemo:auth-token").decode()
    assert [each.headers["authorization"] for each in origin.asked] == [f"Basic {basic}"]


def test_twilios_storage_does_not_get_them(file_at, origin) -> None:
    origin.then("/2010-04-01/", redirect(f"{origin.base_url}/files/777"))

    media = fetched(file_at("twilio", f"{origin.base_url}/2010-04-01/Media/ME1"))

    assert media.state == "stored"
    assert ["authorization" in each.headers for each in origin.asked] == [True, False]


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://evil.example.com/a",
        "http://media.twiliocdn.com/a",
        "https://twiliocdn.com.evil.example/a",
        "https://user@api.twilio.com/a",
        "file:///etc/passwd",
        "https://127.0.0.1/a",
    ],
)
def test_a_redirect_elsewhere_is_refused(file_at, origin, target: str) -> None:
    origin.then("/2010-04-01/", redirect(target))

    media = fetched(file_at("twilio", f"{origin.base_url}/2010-04-01/Media/ME1"))

    assert (media.state, media.error_code) == ("failed", "refused_address")
    assert len(origin.asked) == 1


def test_a_redirect_to_another_port_of_the_same_machine_is_refused(file_at, origin) -> None:
    with running_origin(Origin()) as other:
        origin.then("/2010-04-01/", redirect(f"{other.base_url}/steal"))
        media = fetched(file_at("twilio", f"{origin.base_url}/2010-04-01/Media/ME1"))

    assert media.error_code == "refused_address"
    assert other.asked == []


def test_redirects_end(file_at, origin) -> None:
    origin.then("/2010-04-01/", *[redirect("/2010-04-01/again")] * 9)

    media = fetched(file_at("twilio", f"{origin.base_url}/2010-04-01/Media/ME1"))

    assert media.error_code == "redirected"
    assert len(origin.asked) == 4


@pytest.mark.parametrize("url", ["https://evil.example.com/a", "http://10.0.0.1/a", ""])
def test_twilio_files_elsewhere_are_not_asked_for(file_at, origin, url: str) -> None:
    media = fetched(file_at("twilio", url))

    assert media.state == "failed"
    assert media.error_code == ("refused_address" if url else "no_address")
    assert origin.asked == []


@pytest.mark.parametrize("host", ["http://localhost:3000", "http://waha:3000", "http://172.17.0.2"])
def test_waha_is_asked_at_the_connections_own_address(file_at, origin, host: str) -> None:
    media = fetched(file_at("waha", f"{host}/files/777?x=1"))

    assert media.state == "stored"
    (asked,) = origin.asked
    assert (asked.query, asked.headers["x-api-key"]) == ("x=1", "api-key")


@pytest.mark.parametrize(
    "url", ["https://evil.example.com/files/777", "https://93.184.216.34/a", "http://[x"]
)
def test_waha_files_of_strangers_are_refused(file_at, origin, url: str) -> None:
    media = fetched(file_at("waha", url))

    assert (media.state, media.error_code) == ("failed", "refused_address")
    assert origin.asked == []


def test_waha_redirects_are_not_followed(file_at, origin) -> None:
    origin.then("/files/", redirect("/stolen"))

    media = fetched(file_at("waha", f"{origin.base_url}/files/777"))

    assert media.error_code == "redirected"
    assert len(origin.asked) == 1
