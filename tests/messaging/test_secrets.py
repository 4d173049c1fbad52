"""Connection secrets: unreadable at rest, bound to their row, rotated by listing keys."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from messaging.models import Connection
from messaging.secrets import ConnectionSecrets, SecretsUnreadable, seal, unseal

SECRETS = ConnectionSecrets(app_secret="app-s3cret", access_token="t0ken")


def test_what_is_stored_tells_nothing():
    sealed = seal(SECRETS, purpose="connection/cloud/a")
    assert "s3cret" not in sealed
    assert "t0ken" not in sealed
    assert "s3cret" not in repr(SECRETS)
    assert unseal(sealed, purpose="connection/cloud/a") == SECRETS


def test_a_new_key_in_front_encrypts_and_the_old_one_still_opens(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    before = seal(SECRETS, purpose="p")
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    after = seal(unseal(before, purpose="p"), purpose="p")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert unseal(after, purpose="p") == SECRETS
    with pytest.raises(SecretsUnreadable):
        unseal(before, purpose="p")


@pytest.mark.django_db
def test_secrets_copied_to_another_connection_do_not_open(connection):
    stolen = Connection(organization=connection.organization, kind="cloud", slug="mallory")
    stolen.sealed_secrets = connection.sealed_secrets
    with pytest.raises(SecretsUnreadable):
        _ = stolen.secrets
