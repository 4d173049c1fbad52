"""The portfolio's limit: so many people outside the window in 24 hours."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models.functions import Now

from messaging.models import Connection
from outbound.gates import starts
from outbound.models import Start
from tests import factories

pytestmark = pytest.mark.django_db


def place(connection: Connection, number: int, *, contact: Any = None, tier: str = "TIER_2") -> Any:
    """What the gate looks at: a template to somebody outside the window."""
    contact = contact or factories.ContactFactory(organization=connection.organization)
    return SimpleNamespace(
        claim=SimpleNamespace(entry_id=number),
        connection_id=connection.pk,
        contact_id=contact.pk,
        messaging_limit=tier,
        window_expires_at=None,
    )


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("TIER_250", 250),
        ("TIER_2K", 2000),
        ("TIER_100K", 100_000),
        ("2000", 2000),
        ("TIER_UNLIMITED", None),
        ("", None),
    ],
)
def test_the_providers_words_for_it(words: str, limit: int | None) -> None:
    assert starts.limit_of(words) == limit


def test_the_third_person_of_two_waits_and_a_known_one_does_not(connection: Connection) -> None:
    first, second, third = (place(connection, number) for number in range(3))
    found = starts.waiting([first, second, third])
    assert list(found) == [2]
    assert (found[2].code, found[2].waits) == ("messaging_limit", True)
    assert 86_000 < (found[2].seconds or 0) <= 86_400
    again: Any = SimpleNamespace(**{**vars(first), "claim": SimpleNamespace(entry_id=9)})
    assert starts.waiting([again]) == {}


def test_room_comes_back_a_day_later(connection: Connection) -> None:
    starts.waiting([place(connection, 0), place(connection, 1)])
    Start.objects.update(at=Now() - timedelta(hours=25))
    assert starts.waiting([place(connection, 2)]) == {}


def test_an_unlimited_account_is_not_counted(connection: Connection) -> None:
    assert starts.waiting([place(connection, 0, tier="TIER_UNLIMITED")]) == {}
    assert not Start.objects.exists()
