"""The cast: alice and bob share a team, mallory belongs to another organisation, carla writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from messaging import models
from outbound.breakers import board
from tests import factories


@pytest.fixture(autouse=True)
def _fast_passwords(settings) -> None:
    """Hashing is slow on purpose; tests log in often."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _fresh_breakers() -> None:
    """What a process knows of breakers is a second old at most; tests are faster than that."""
    board.forget()


@pytest.fixture(autouse=True)
def _nobodys_language() -> None:
    """What is spoken after a request is the language of who asked; here that is another test."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _own_journal(settings, tmp_path_factory, request) -> None:
    """No test reads what another one, or a checkout's own demo, has left on disk."""
    folder = tmp_path_factory.getbasetemp() / f"journal-{abs(hash(request.node.nodeid))}"
    settings.SEND_JOURNAL_DIR = str(folder)


@pytest.fixture
def payloads() -> Path:
    """Real webhook bodies and API answers, by provider."""
    return Path(__file__).parent / "payloads"


@pytest.fixture
def organization() -> models.Organization:
    return factories.OrganizationFactory(name="Padaria Amendoeira", slug="padaria")


@pytest.fixture
def connection(organization) -> models.Connection:
    return factories.ConnectionFactory(organization=organization, slug="padaria")


@pytest.fixture
def channel(connection) -> models.Channel:
    return factories.ChannelFactory(connection=connection, name="Lisboa, loja")


@pytest.fixture
def team(organization) -> models.Team:
    return models.Team.objects.create(organization=organization, name="Front of house")


@pytest.fixture
def alice(organization, team) -> models.User:
    return _member(organization, team, "alice@example.com", "Alice Moreau")


@pytest.fixture
def bob(organization, team) -> models.User:
    return _member(organization, team, "bob@example.com", "Bob Fernandes")


@pytest.fixture
def mallory() -> models.User:
    user = factories.UserFactory(email="mallory@example.com", name="Mallory")
    factories.MembershipFactory(user=user, role=models.Role.OWNER)
    return user


@pytest.fixture
def carla(organization) -> models.Contact:
    contact = factories.ContactFactory(organization=organization, name="Carla Mendonça")
    factories.ContactIdentityFactory(contact=contact, value="351910000042")
    return contact


@pytest.fixture
def conversation(channel, carla) -> models.Conversation:
    return factories.ConversationFactory(channel=channel, contact=carla)


def _member(
    organization: models.Organization, team: models.Team, email: str, name: str
) -> models.User:
    user = factories.UserFactory(email=email, name=name)
    factories.MembershipFactory(organization=organization, user=user).teams.add(team)
    return user
