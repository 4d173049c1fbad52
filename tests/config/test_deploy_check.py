"""A production environment passes Django's deployment checks without a warning."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys

import pytest


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in {"DEMO", "TESTING"}}
    return subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env={**clean, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_is_clean():
    result = check(
        SECRET_KEY=secrets.token_urlsafe(60),
        PUBLIC_URL="https://inbox.example.com",
        ALLOWED_HOSTS="inbox.example.com",
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DATABASE_URL"])
def test_a_missing_secret_is_one_clear_sentence(name):
    result = check(**{name: ""})
    assert result.returncode != 0
    assert f"{name} is not set" in result.stderr


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text(secrets.token_urlsafe(60))
    result = check(
        SECRET_KEY_FILE=str(tmp_path / "key"),
        PUBLIC_URL="https://inbox.example.com",
        ALLOWED_HOSTS="inbox.example.com",
    )
    assert result.returncode == 0, result.stderr
