"""`rate-limits/whatsapp/quota`: read by members, changed by owners and admins, audited."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from inbox import audit
from inbox.models import AuditEntry
from messaging.models import Membership, Role
from outbound.limits import quotas
from outbound.models import Quota
from tests.inbox.test_api import Api

pytestmark = pytest.mark.django_db
PATH = "rate-limits/whatsapp/quota/"


class QuotaApi(Api):
    def put(self, path: str, body: Any) -> Any:
        return self.client.put(
            f"/api/v1/{path}", body, content_type="application/json", headers=self.headers
        )


def api_of(user: Any, role: str = Role.OWNER) -> QuotaApi:
    Membership.objects.filter(user=user).update(role=role)
    return QuotaApi(user.email)


def test_without_a_limit_the_month_is_told(alice, organization) -> None:
    quotas.take({organization.pk: 7})
    told = api_of(alice).get(PATH).json()
    first = timezone.now().date().replace(day=1)
    assert (told["limit"], told["used"], told["remaining"]) == (None, 7, None)
    assert (told["period"], told["throttled"], told["backend"]) == ("month", False, "redis")
    assert told["resets_at"] > first.isoformat()
    assert told["resets_at"].endswith("-01T00:00:00Z")


def test_a_limit_is_set_told_and_audited(alice, organization) -> None:
    api = api_of(alice)
    quotas.take({organization.pk: 2})
    told = api.put(f"{PATH}?period=day", {"limit": 5})
    assert told.status_code == 200
    assert told.json()["remaining"] == 3
    entry = AuditEntry.objects.get(action="change_quota")
    assert entry.details == {"period": "day", "from": None, "to": 5}
    assert (entry.actor, audit.first_broken(organization.pk)) == (alice, None)
    assert api.get(PATH).json()["period"] == "day", "the only one that has a limit"
    assert api.get(f"{PATH}?period=month").json()["limit"] is None


def test_a_spent_quota_is_throttled_and_a_removed_one_is_not(alice, organization) -> None:
    api = api_of(alice)
    quotas.take({organization.pk: 2})
    told = api.put(PATH, {"limit": 1}).json()
    assert (told["used"], told["remaining"], told["throttled"]) == (2, 0, True)
    told = api.put(PATH, {"limit": None}).json()
    assert (told["limit"], told["throttled"]) == (None, False)


@pytest.mark.parametrize("fields", [{}, {"limit": -1}, {"limit": "many"}, {"limit": 2**63}, []])
def test_what_is_no_limit_is_refused(alice, fields: Any) -> None:
    answer = api_of(alice).put(PATH, fields)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert not Quota.objects.exclude(limit=None).exists()


def test_an_unknown_period_is_refused(alice) -> None:
    assert api_of(alice).get(f"{PATH}?period=year").status_code == 422


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR])
def test_others_read_and_change_nothing(alice, role: str) -> None:
    api = api_of(alice, role)
    assert api.get(PATH).status_code == 200
    assert api.put(PATH, {"limit": 5}).status_code == 403
    assert not AuditEntry.objects.exists()


def test_another_organisation_has_its_own(alice, mallory, organization) -> None:
    api_of(alice).put(PATH, {"limit": 5})
    assert api_of(mallory).get(PATH).json()["limit"] is None


@pytest.mark.django_db(transaction=True)
def test_without_redis_it_says_where_is_counted(alice, channel, settings: Settings) -> None:
    from outbound import limits

    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    limits.take([limits.Ask(channel_id=channel.pk, throughput=80, count=1)])
    assert api_of(alice).get(PATH).json()["backend"] == "postgres"
