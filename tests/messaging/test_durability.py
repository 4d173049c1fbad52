"""Acknowledged means it survives a crash, or the inbox does not start."""

from __future__ import annotations

import pytest

from messaging.durability import UnsafeDurability, verify
from messaging.sql import execute

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("value", ["off", "local"])
def test_a_postgres_that_acknowledges_too_early_is_refused(settings, value):
    settings.TESTING = False
    execute(f"SET LOCAL synchronous_commit = {value}")
    with pytest.raises(UnsafeDurability, match="synchronous_commit"):
        verify()


def test_our_own_sessions_commit_safely_whatever_the_role_says():
    assert execute("SHOW synchronous_commit") == [("on",)]
